"""The sheet's tasks ask what they say, and every layer is tuned and trained alike."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from experiments.harness.registry import experiments
from experiments.harness.runner import complete
from experiments.sheet import measures, quality, rows
from experiments.sheet.layers import LAYERS
from experiments.sheet.tasks import Adding, Recall, Text, Tracking, task

SETTINGS: dict[str, dict[str, Any]] = {
    "adding": {"length": 6},
    "recall": {"pairs": 3, "values": 4},
    "tracking": {"length": 4, "tested": 9},
    "text": {"length": 40, "characters": 40_000},
}
P: dict[str, Any] = {
    "task": "tracking",
    "settings": SETTINGS["tracking"],
    "layer": "rnn",
    "width": 16,
    "batch": 8,
    "steps": 20,
    "search_steps": 10,
    "rates": [1e-6, 0.01],
    "search_seed": 100,
    "seeds": [0, 1],
    "test": 20,
}


@pytest.mark.parametrize("name", rows.TASKS)
def test_a_model_answers_where_the_task_asks(name: str) -> None:
    torch.manual_seed(0)
    what = task(name, SETTINGS[name])
    model = quality.Model("gru", 8, what)
    tokens, answers = what.draw(5, what.length, torch.Generator().manual_seed(0))
    scores = model(tokens, answers.shape[1])
    assert scores.shape == (5, answers.shape[1], what.outputs)
    assert what.loss(scores, answers).isfinite()
    tested = what.test(7)
    again = what.test(7)
    assert all(map(torch.equal, tested[0], again[0]))
    assert len(tested[1]) == 7


def test_quality_is_one_for_right_answers_and_counts_what_it_should() -> None:
    adding = Adding(6)
    answers = torch.tensor([0.2, 0.8, 1.4]).view(3, 1, 1)
    assert adding.quality(answers, answers) == 1
    assert adding.quality(answers.mean().expand(3, 1, 1), answers) == pytest.approx(1 / 3)
    recall = Recall(3, 4)
    (_, values), wanted = recall.draw(5, 6, torch.Generator().manual_seed(0))
    assert recall.quality(torch.eye(4)[wanted], wanted) == 1
    assert (values[:, 3:] == 4).all()  # what is asked for has no value
    tracking = Tracking(4, 9)
    _, states = tracking.test(5)
    scores = torch.eye(6)[states]
    scores[:, :4] = 0  # the trained steps do not count
    assert tracking.quality(scores, states) == 1


def test_text_is_held_out_and_its_first_characters_do_not_count() -> None:
    text = Text(40, 40_000)
    assert len(text.held_out) == 4_000
    (read,), follows = text.test(3)
    torch.testing.assert_close(read[:, 1:], follows[:, :-1])
    scores = torch.zeros(3, 40, 128)
    scores[:, :32] = torch.randn(3, 32, 128)
    assert text.quality(scores, follows) == pytest.approx(4.852, abs=1e-3)  # log 128


def test_the_search_takes_the_rate_that_learns_and_a_run_can_be_replayed() -> None:
    outcome = quality.run(P, "cpu")
    assert outcome == quality.run(P, "cpu")
    assert outcome["rate"] == 0.01
    assert set(outcome["tried"]) == {"1e-06", "0.01"}
    assert len(outcome["quality"]) == len(outcome["curves"]) == 2
    assert outcome["curves"][0][-1] < outcome["curves"][0][0]


def test_a_rate_that_ends_in_no_number_loses() -> None:
    outcome = quality.run({**P, "rates": [0.01, float("inf")], "seeds": [0]}, "cpu")
    assert outcome["rate"] == 0.01
    assert outcome["tried"]["inf"] is None


@pytest.mark.parametrize("name", LAYERS)
def test_cost_and_reach_say_what_the_layer_holds(name: str) -> None:
    p = {**rows.cost_trials(True)[name], "context": 10, "length": 16, "turns": 1}
    found = measures.cost(p, "cpu")
    longer = measures.cost({**p, "context": 20}, "cpu")
    assert (longer["state_bytes"] > found["state_bytes"]) == (name == "attention")
    assert min(found["step_s"], found["training_s"], found["step_multiplications"]) > 0
    left = measures.reach({**rows.reach_trials(True)[name], "lag": 8}, "cpu")["left"]
    assert all(0 < share < 10 for share in left)


def test_the_committed_sheet_is_complete_and_tuned_alike() -> None:
    known = experiments()
    for name, steps in rows.TASKS.items():
        experiment = known[f"sheet-{name}"]
        done = complete(experiment, quick=False)
        assert set(done) == set(LAYERS)
        for outcome in done.values():
            assert len(outcome["quality"]) == 5
            assert set(outcome["tried"]) == set(map(str, steps.get("rates", rows.RATES)))
            assert outcome["sequences"] == steps["steps"] * steps["batch"]
        trained = {
            tuple(t.parameters[k] for k in ("steps", "batch")) for t in experiment.trials(False)
        }
        assert len(trained) == 1
        assert len({outcome["weights"] for outcome in done.values()}) > 1
    for name in ("cost", "reach"):
        assert set(complete(known[f"sheet-{name}"], quick=False)) == set(LAYERS)
