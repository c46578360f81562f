"""Seconds by stage: each counted once, and only when somebody asks."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from autograder import stages
from autograder.stages import Spent, stage
from autograder.steps.profile import Profile


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(stages, "_on", False)
    yield
    stages.take()


def test_without_a_profile_nothing_is_measured() -> None:
    with stage("a"):
        stages.add("b", 1.0)
    assert stages.take() == {}


def test_the_time_of_an_inner_stage_is_not_counted_twice() -> None:
    stages.switch_on()
    with stage("outer"):
        time.sleep(0.01)
        with stage("inner"):
            time.sleep(0.05)
        time.sleep(0.01)
    taken = stages.take()
    assert taken["inner"][0] >= 0.05
    assert taken["outer"][0] >= 0.02
    # Neither holds the other: together they are no longer than what passed.
    assert taken["inner"][1] < taken["inner"][0]  # asleep, it used no processor
    assert stages.take() == {}


def test_a_stage_ends_with_an_error_too() -> None:
    stages.switch_on()
    with pytest.raises(ValueError, match="x"), stage("a"):
        raise ValueError("x")
    with stage("b"):
        pass
    assert set(stages.take()) == {"a", "b"}


def test_the_profile_adds_up() -> None:
    profile = Profile(command={"write": (3.0, 1.0)})
    for _ in range(2):
        profile.add(Spent(b"", {"checks": (1.0, 0.5)}, {"import torch": 2.0}))
    assert profile.rows() == [
        ("import torch", "once", "", "2.00", "50%", ""),
        ("write", "command", "3.00", "1.00", "25%", ""),
        ("checks", "workers", "2.00", "1.00", "25%", "0.500"),
        ("all", "", "", "4.00", "100%", ""),
    ]
