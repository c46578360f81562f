"""What is kept of a submission from check to check."""

from __future__ import annotations

import pytest
import torch

from autograder.checks import CheckFailure
from autograder.suite.desk import Desk


def drawn(rng: torch.Generator) -> float:
    return float(torch.rand((), generator=rng))


def test_work_is_done_once() -> None:
    desk = Desk(1)
    first = desk.once("a", drawn)
    assert desk.once("a", drawn) == first != desk.once("b", drawn)


def test_chance_depends_on_the_submission_and_on_nothing_else() -> None:
    late = Desk(1)
    late.once("b", drawn)
    assert Desk(1).once("a", drawn) == late.once("a", drawn) != Desk(2).once("a", drawn)


def test_a_failure_is_kept_as_well() -> None:
    asked = []

    def fails(rng: torch.Generator) -> None:
        asked.append(1)
        raise CheckFailure("too many weights")

    desk = Desk()
    for _ in range(2):
        with pytest.raises(CheckFailure, match="too many weights"):
            desk.once("a", fails)
    assert len(asked) == 1
