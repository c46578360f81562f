"""The pool: what dies takes nothing with it, and an interrupt leaves nobody behind."""

from __future__ import annotations

import multiprocessing
import os
import re
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, ThreadPoolExecutor
from pathlib import Path

import pytest

from autograder.judge.bounds import MEMORY_MB
from autograder.judge.pool import local_executor, run_all


def double(number: int) -> int:
    return 2 * number


def die_on_three(number: int) -> int:
    if number == 3:
        os._exit(9)
    return 2 * number


def raise_on_three(number: int) -> int:
    if number == 3:
        raise ValueError("three")
    return 2 * number


def die_once(path: str) -> str:
    """Die at the first call and succeed at the second."""
    if path and not Path(path).exists():
        Path(path).touch()
        os._exit(9)
    return path


def sleep(number: int) -> int:
    time.sleep(0.2 if number == 0 else 60)
    return number


def never_give_back(number: int) -> int:
    """At 3, keep the interpreter in one call of C that takes longer than anybody waits."""
    if number == 3:
        re.match(r"(a|a)*$", "a" * 60 + "b")
    return 2 * number


def take_memory(number: int) -> int:
    """At 3, ask for more memory than a job may have."""
    if number == 3:
        bytearray(MEMORY_MB * 2**20)
    return 2 * number


def five(number: int) -> float:
    return 5.0


@pytest.mark.parametrize("make", [local_executor, ThreadPoolExecutor])
def test_every_job_has_its_result(make: Callable[[int], Executor]) -> None:
    assert dict(run_all(make, double, range(7), 2)) == {n: 2 * n for n in range(7)}


def test_no_jobs_need_no_workers() -> None:
    def refuse(workers: int) -> Executor:
        raise AssertionError("nothing to do")

    assert list(run_all(refuse, double, [], 2)) == []


def test_a_death_is_only_its_own() -> None:
    results = dict(run_all(local_executor, die_on_three, range(8), 3))
    assert isinstance(results.pop(3), Exception)
    assert results == {n: 2 * n for n in range(8) if n != 3}


def test_what_never_ends_is_ended_and_only_its_own() -> None:
    results = dict(run_all(local_executor, never_give_back, range(8), 3, five))
    assert isinstance(results.pop(3), BrokenExecutor)
    assert results == {n: 2 * n for n in range(8) if n != 3}


def test_what_wants_too_much_memory_does_not_get_it() -> None:
    results = dict(run_all(local_executor, take_memory, range(8), 3, five))
    assert isinstance(results.pop(3), MemoryError)
    assert results == {n: 2 * n for n in range(8) if n != 3}


def test_an_exception_is_only_its_own() -> None:
    results = dict(run_all(local_executor, raise_on_three, range(8), 3))
    assert isinstance(results.pop(3), ValueError)
    assert results == {n: 2 * n for n in range(8) if n != 3}


def test_what_dies_once_is_tried_again(tmp_path: Path) -> None:
    flag = str(tmp_path / "flag")
    assert dict(run_all(local_executor, die_once, [flag, ""], 2)) == {flag: flag, "": ""}


def test_stopping_early_ends_the_workers() -> None:
    before = set(multiprocessing.active_children())
    runs = run_all(local_executor, sleep, [0, 1, 2], 2)
    assert next(runs) == (0, 0)
    started = set(multiprocessing.active_children()) - before
    assert started
    runs.close()
    for process in started:
        process.join(10)
        assert not process.is_alive()
