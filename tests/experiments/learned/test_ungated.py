"""Adding without gates, small: every start is trained alike, and nothing is smoothed away."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from experiments.learned.rows import ungated_trials
from experiments.learned.ungated import STARTS, run_ungated

SMALL: dict[str, Any] = {"units": 4, "time": 8, "batch": 5, "batches": 6, "block": 3}
SMALL |= {"seeds": [0, 1], "clip": 1.0, "rate": 0.002}


def test_every_start_gets_the_same() -> None:
    budgets: dict[str, set[str]] = {start: set() for start in STARTS}
    for parameters in ungated_trials(quick=False).values():
        rest = {k: v for k, v in parameters.items() if k != "start"}
        budgets[parameters["start"]].add(repr(sorted(rest.items())))
    assert len({frozenset(budget) for budget in budgets.values()}) == 1
    assert len(next(iter(budgets.values()))) == 3  # learning rates


@pytest.mark.parametrize("start", STARTS)
def test_the_outcome_holds_every_block_of_every_seed_and_repeats_itself(start: str) -> None:
    outcome = run_ungated(SMALL | {"start": start}, "cpu")
    assert [len(seed) for seed in outcome["error"]] == [2, 2]
    by_seed = zip(outcome["worst"], outcome["error"], strict=True)
    assert all(worst >= max(blocks) for worst, blocks in by_seed)
    assert outcome == run_ungated(SMALL | {"start": start}, "cpu")


def test_the_starts_are_what_they_are_called() -> None:
    torch.manual_seed(0)
    eye = torch.eye(4)
    orthogonal = STARTS["orthogonal"](4).cell.weight_hh.detach()
    torch.testing.assert_close(orthogonal @ orthogonal.T, eye)
    assert torch.equal(STARTS["identity"](4).cell.weight_hh.detach(), eye)
    assert STARTS["identity"](4).cell.nonlinearity == "relu"
    assert STARTS["usual"](4).cell.nonlinearity == "tanh"
