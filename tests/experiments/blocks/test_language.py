"""Small language models of equal size are compared as their trials say."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from experiments.blocks import language, rows
from experiments.harness.registry import experiments
from experiments.harness.runner import complete
from experiments.nets.sized import parameters
from experiments.training import text

P: dict[str, Any] = {
    "kind": "today",
    "width": 8,
    "rate": 0.01,
    "seed": 0,
    "characters": 40_000,
    "batch": 4,
    "length": 40,
    "steps": 20,
    "seconds": 0.0,
    "test": 20,
    "glimpse": 10,
    "writes": False,
}


@pytest.mark.parametrize("kind", rows.WIDTHS)
def test_a_model_of_each_kind_is_causal_and_learns(kind: str) -> None:
    torch.manual_seed(0)
    model = language.build(kind, 8)
    pieces = torch.randint(text.SYMBOLS, (2, 9))
    changed = pieces.clone()
    changed[:, -1] = (changed[:, -1] + 1) % text.SYMBOLS
    scores, other = model(pieces)[0], model(changed)[0]
    torch.testing.assert_close(other[:, :-1], scores[:, :-1])
    outcome = language.run_language({**P, "kind": kind}, "cpu")
    assert len(outcome["curve"]) == language.MARKS
    assert outcome["characters_read"] == outcome["curve"][-1][0] == 20 * 4 * 40
    assert outcome["loss"] == outcome["curve"][-1][1] < outcome["curve"][0][1]
    assert outcome == language.run_language({**P, "kind": kind}, "cpu")  # it can be replayed


def test_only_a_run_against_the_clock_tells_times() -> None:
    outcome = language.run_language({**P, "steps": 0, "seconds": 0.2}, "cpu")
    assert len(outcome["clock"]) == language.MARKS
    assert outcome["clock"] == sorted(outcome["clock"])


def test_all_kinds_have_nearly_as_many_weights() -> None:
    sizes = [parameters(language.build(kind, width)) for kind, width in rows.WIDTHS.items()]
    assert max(sizes) / min(sizes) < 1.02


def test_more_seconds_are_more_steps() -> None:
    training = text.library_source(40_000)
    assert language.steps_within(0.0, P, training) == language.MARKS
    assert language.steps_within(20.0, P, training) > language.MARKS


def test_what_a_model_writes_follows_its_prompt_and_its_seed() -> None:
    torch.manual_seed(0)
    model = language.build("today", 8)
    choices = {"prompt": "def ", "count": 7, "ways": {"likeliest": {"temperature": 0.0}}, "seed": 3}
    found = language.written(model, choices)
    assert found == language.written(model, choices)
    likeliest = max(range(text.SYMBOLS), key=lambda symbol: found["logits"][symbol])
    assert found["written"]["likeliest"][0] == chr(likeliest)
    assert len(found["written"]["likeliest"]) == 7


def test_each_kind_trains_at_the_best_rate_tried_and_none_is_at_an_end() -> None:
    tried = complete(experiments()["blocks-rates"], quick=False)
    for kind, rates in rows.TRIED.items():
        best = min(rates, key=lambda rate: tried[f"{kind}-rate{rate}"]["loss"])
        assert best == rows.RATES[kind]
        assert best not in (rates[0], rates[-1])


def test_equal_text_is_equal_and_equal_time_nearly_so() -> None:
    text_runs, time_runs = (
        complete(experiments()[f"blocks-{name}"], quick=False) for name in ("language", "time")
    )
    compared = [outcome for key, outcome in text_runs.items() if key != "today-long"]
    assert len({outcome["characters_read"] for outcome in compared}) == 1
    for outcome in time_runs.values():
        assert outcome["clock"][-1] == pytest.approx(rows.SECONDS, rel=0.35)
