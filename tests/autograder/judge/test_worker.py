"""What a worker makes of a job: the limits of one submission."""

from __future__ import annotations

from typing import Any

from autograder.judge.worker import MARGIN_S, Job, limits_of, longest
from autograder.line.limits import Limits


def job(**more: Any) -> Job:
    return Job("ada", "a1", b"", "{}", "tiny", 1, "f", "none", "/course", **more)


def test_an_assignment_may_set_limits_of_its_own() -> None:
    found = limits_of(job(limits={"total_s": 300.0, "cpu_s": 90.0, "threads": 4.0}))
    assert (found.total_s, found.cpu_s, found.threads) == (300.0, 90, 4)
    assert isinstance(found.cpu_s, int)  # the kernel takes whole seconds
    assert found.memory_mb == Limits().memory_mb
    assert limits_of(job()) == Limits()


def test_more_time_for_a_cell_is_more_time_on_top_of_them() -> None:
    found = limits_of(job(limits={"total_s": 300.0}, cell_s=2 * Limits().cell_s))
    assert found.total_s == 600.0


def test_a_job_is_given_up_by_its_own_limits() -> None:
    assert longest(job(limits={"total_s": 300.0})) == 300.0 + MARGIN_S
