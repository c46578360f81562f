"""The rows, and what readings make of outcomes."""

from __future__ import annotations

import pytest

from experiments.harness.registry import experiments
from experiments.learned import readings as claims
from experiments.learned import rows

NAMES = {
    "limits-context",
    "limits-per-position",
    "limits-length",
    "limits-state-tracking",
    "limits-counting",
    "limits-in-context",
    "limits-convolution",
    "scaling",
}


def test_every_experiment_is_registered_and_its_trials_have_names_of_their_own() -> None:
    known = experiments()
    assert known.keys() >= NAMES
    for name in NAMES:
        for quick in (True, False):
            keys = [trial.key for trial in known[name].trials(quick)]
            assert len(keys) == len(set(keys)) >= 1
        assert len(known[name].trials(False)) >= len(known[name].trials(True))


def length_results(far: float) -> dict:
    return {
        "limits-length": {
            kind: {
                "parameters": {"positions": kind, "trained": 32},
                "trained": 2.0,
                "longer": [40, 128],
                "rise": [0.1, far if kind == "sinusoidal" else 0.0],
            }
            for kind in rows.POSITIONS
        }
    }


@pytest.mark.parametrize(("far", "agrees"), [(0.9, True), (0.0, False)])
def test_sinusoids_must_rise(far: float, agrees: bool) -> None:
    finding = claims.read_sinusoid(length_results(far))
    assert finding.agrees is agrees
    assert f"{far:+.2f} up to 128" in finding.text


def tracking_results(lstm: int, transformer: int) -> dict:
    def outcome(kind: str, solved: int) -> dict:
        parameters = {"group": "parity", "kind": kind, "length": 20, "tested": 60}
        seeds = [{"accuracy_trained": 0.7, "accuracy_longer": 0.5}]
        parts = {"solved": solved, "of": 5, "seeds": seeds, "budget": 100}
        return {"parameters": parameters, **parts}

    return {
        "limits-state-tracking": {
            "parity-lstm": outcome("lstm", lstm),
            "parity-transformer-rotary": outcome("transformer", transformer),
            "parity-transformer-alibi": outcome("transformer", 0),
        }
    }


@pytest.mark.parametrize(
    ("lstm", "transformer", "agrees"), [(5, 0, True), (5, 3, False), (4, 0, False)]
)
def test_tracking_needs_a_clear_difference(lstm: int, transformer: int, agrees: bool) -> None:
    finding = claims.read_tracking(tracking_results(lstm, transformer))
    assert finding.agrees is agrees
    assert f"LSTM {lstm} of 5, transformer {transformer} of 5" in finding.text


@pytest.mark.parametrize(
    ("lstm", "agrees"), [([90, 200, 120], True), ([50, 55, 58], False), ([20, 30, 49], False)]
)
def test_counting_compares_the_longest(lstm: list[int], agrees: bool) -> None:
    def outcome(longest: list[int]) -> dict:
        parameters = {"trained": 50, "tested": 200, "units": 10}
        parts = {"learned": 1, "of": 3, "budget": 100}
        return {"parameters": parameters, "seeds": [{"longest": n} for n in longest], **parts}

    results = {"limits-counting": {"lstm": outcome(lstm), "gru": outcome([60, 61, 62])}}
    finding = claims.read_counting(results)
    assert finding.agrees is agrees
    assert "60, 61 and 62" in finding.text


def test_in_context_error_must_fall() -> None:
    def results(error: list[float]) -> dict:
        return {
            "limits-in-context": {"dim-1": {"parameters": {"dim": 1}, "seeds": [{"error": error}]}}
        }

    assert claims.read_in_context(results([1.0, 0.2, 0.01])).agrees
    assert not claims.read_in_context(results([1.0, 0.9, 0.8])).agrees


def test_listed() -> None:
    assert claims.listed([1, 2, 3]) == "1, 2 and 3"
    assert claims.listed([4]) == "4"


def never_scaled_results(late: float) -> dict:
    def outcome(kind: str, loss: list[float], reach: int) -> dict:
        outcome = {"parameters": {"kind": kind}, "positions": [1, 8, 16], "loss": loss}
        return {**outcome, "reach": reach, "weights": 50_000, "characters_read": 10_000}

    sizes = {
        f"lstm-{n}": {
            "parameters": {"kind": "lstm"},
            "weights": n,
            "loss": 5 * n**-0.1,
            "characters_read": 10_000,
            "epochs": 0.1,
        }
        for n in (1_000, 10_000, 100_000, 1_000_000)
    }
    positions = {
        "lstm-0": outcome("lstm", [2.7, 1.8, 1.6 + late], 8),
        "transformer-0": outcome("transformer", [2.8, 1.8, 1.6], 16),
    }
    return {"limits-per-position": positions, "scaling": sizes}


@pytest.mark.parametrize(("late", "agrees"), [(0.1, True), (0.01, False)])
def test_the_lstm_must_fall_behind_late_and_still_scale(late: float, agrees: bool) -> None:
    finding = claims.read_never_scaled(never_scaled_results(late))
    assert finding.agrees is agrees
    assert "+0.000 nats from the transformer's at positions 2 to 8" in finding.text
    assert "N^-0.100" in finding.text
