"""Cost: equal weights, forecasts and ceilings, counts of serial steps and bytes. No timings."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from experiments.cost.layers import BY_NAME, EQUAL_WEIGHTS, LAYERS, Layer
from experiments.cost.measure import (
    PeakTensors,
    build,
    fastest,
    forecast,
    ladder,
    state_bytes,
    weights,
)
from experiments.cost.single import doubling_scan, serial_calls, state_growth
from experiments.cost.sweeps import run
from experiments.harness.registry import experiments, readings
from experiments.instruments.rounding import slope
from solutions.layer import SequenceLayer

NAMES = [name for name in experiments() if experiments()[name].part == "cost"]


def made(layer: Layer, width: int | None = None) -> SequenceLayer[Any]:
    spec = layer.spec(width)
    built: SequenceLayer[Any] = build(spec["kind"], spec["arguments"])
    return built


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_every_layer_has_about_the_same_weights_and_keeps_its_width(layer: Layer) -> None:
    built = made(layer)
    assert weights(built) == pytest.approx(EQUAL_WEIGHTS, rel=0.06)
    y, _ = built(torch.zeros(1, 3, layer.width))
    assert y.shape == (1, 3, layer.width)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_only_caches_grow(layer: Layer) -> None:
    built = made(layer, 32)
    x = torch.zeros(1, 20, 32)
    bytes_after = [state_bytes(built(x[:, :count])[1]) for count in (10, 20)]
    assert bytes_after[1] == (2 if layer.grows else 1) * bytes_after[0]


@pytest.mark.parametrize("name", ["RNN", "minGRU", "S4D and GLU", "mLSTM", "attention"])
def test_serial_steps_follow_the_rule_that_the_row_names(name: str) -> None:
    (trial,) = [t for t in experiments()["cost-depth"].trials(True) if t.key == name]
    spec = BY_NAME[name].spec(32)
    outcome = run({**trial.parameters, "spec": spec, "lengths": [128, 256, 512]}, "cpu")
    assert outcome["as_predicted"]
    assert outcome["by_rule"]["256"] == outcome["counted"]["256"]


def test_a_wrong_rule_is_found_out() -> None:
    parameters = {"measure": "depth", "spec": BY_NAME["RNN"].spec(8), "changes": {}}
    parameters |= {"compiled": False, "depth": "rounds", "lengths": [32, 64, 128], "extended": [64]}
    assert not run(parameters, "cpu")["as_predicted"]


def test_the_forecast_continues_linear_and_quadratic_growth() -> None:
    points = [{"size": n, "seconds": 3.0 * n + 2.0 * n**2} for n in (4, 16)]
    assert forecast(points, "seconds", 64) == pytest.approx(3.0 * 64 + 2.0 * 64**2)
    assert forecast(points[:1], "seconds", 64) == 0.0
    shrinking = [{"size": 4, "seconds": 4.0}, {"size": 16, "seconds": 8.0}]
    assert forecast(shrinking, "seconds", 64) == pytest.approx(32.0)


def test_a_point_above_a_ceiling_is_not_run_and_says_why() -> None:
    asked = []

    def attempt(size: int) -> dict[str, Any]:
        asked.append(size)
        return {"seconds": size / 10, "peak_bytes": size**2 * 2**20}

    points = ladder([1, 2, 4, 8, 64], attempt, most_seconds=5.0, most_bytes=30 * 2**20)
    assert asked == [1, 2, 4]
    assert points[3] == {"size": 8, "not_run": "would need 0.1 GiB"}
    assert points[4]["not_run"] == "would take 6 s a pass and would need 4.0 GiB"


def test_calls_take_turns_and_an_impatient_one_sits_out() -> None:
    turns: list[str] = []
    fastest({"a": lambda: turns.append("a"), "b": lambda: turns.append("b")}, 2, shortest=0.0)
    assert turns == ["a", "a", "b", "b"] + 2 * ["a", "a", "b", "b"]
    turns.clear()
    fastest({"a": lambda: turns.append("a")}, 5, shortest=0.0, patience=-1.0)
    assert turns == ["a", "a"]


def test_slope() -> None:
    assert slope([1, 2, 4], [5.0, 40.0, 320.0]) == pytest.approx(3.0)


def test_peak_of_tensors_forgets_what_is_gone() -> None:
    with PeakTensors() as tensors:
        for _ in range(3):
            x = torch.ones(1000)
            del x
        kept = torch.ones(500)
    assert tensors.peak == 4000
    assert tensors.now == kept.numel() * 4


def test_doubling_takes_ceil_log2_rounds() -> None:
    for length, rounds in ((256, 8), (257, 9)):
        found = doubling_scan({"length": length, "dim": 2, "seeds": [0, 1]}, "cpu")
        assert found["rounds"] == rounds
        assert 0 < found["difference"] < 1e-12


def test_calls_to_score_and_to_generate() -> None:
    found = serial_calls({"tokens": 7, "width": 8, "symbols": 5, "seed": 0}, "cpu")
    assert found["calls"] == {"score": 1, "generate": 7}
    assert found["difference"] < 1e-12
    assert found["serial_steps"]["generate"] > 3 * found["serial_steps"]["score"]


def test_state_of_an_lstm_stays_and_a_cache_grows() -> None:
    found = state_growth({"lengths": [3, 6], "width": 8, "seed": 0}, "cpu")
    assert found["LSTM"]["state"][0] == found["LSTM"]["state"][1]
    assert found["attention"]["state"][1] == 2 * found["attention"]["state"][0]


def test_a_tiny_sweep_has_a_point_or_a_reason_at_every_size() -> None:
    (trial,) = [t for t in experiments()["cost-throughput"].trials(True) if t.key == "minGRU"]
    small = {"specs": [BY_NAME["minGRU"].spec(8)], "sizes": [16, 32, 64]}
    parameters = {**trial.parameters, **small, "patience": 0.0}
    outcome = run(parameters, "cpu")
    assert [point["size"] for point in outcome["points"]] == [16, 32, 64]
    assert all("tokens_per_s" in point or "not_run" in point for point in outcome["points"])
    parameters["most_seconds"] = 0.0
    assert "not_run" in run(parameters, "cpu")["points"][-1]


def test_generation_weighs_a_growing_and_a_fixed_state() -> None:
    for name, factor in (("LSTM", 1), ("attention", 10)):
        (trial,) = [t for t in experiments()["cost-generation"].trials(True) if t.key == name]
        small = {"spec": BY_NAME[name].spec(8), "contexts": [10, 100], "read_to": 10, "turns": 1}
        points = run({**trial.parameters, **small}, "cpu")["points"]
        assert points[1]["state_bytes"] == factor * points[0]["state_bytes"]


@pytest.mark.parametrize("name", NAMES)
def test_trials_are_named_once_and_seeded(name: str) -> None:
    for quick in (True, False):
        trials = experiments()[name].trials(quick)
        assert len({trial.key for trial in trials}) == len(trials)


def test_claims_about_cost_read_experiments_that_exist() -> None:
    read = {name for names, _ in readings().values() for name in names if name.startswith("cost-")}
    assert len(read) >= 6
    assert read <= set(experiments())
