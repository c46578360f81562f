"""The stopwatch."""

from __future__ import annotations

import time

import pytest

from experiments.instruments.clock import race


def test_the_median_ignores_a_slow_turn_and_the_warm_up() -> None:
    naps = iter([0.3, 0.01, 0.3, 0.01])
    (seconds,) = race([lambda: time.sleep(next(naps))], repeats=3)
    assert 0.01 <= seconds < 0.2


def test_functions_take_turns_and_keep_their_order() -> None:
    calls: list[str] = []

    def slow() -> None:
        calls.append("slow")
        time.sleep(0.05)

    slow_seconds, fast_seconds = race([slow, lambda: calls.append("fast")], repeats=3)
    assert calls == ["slow", "fast"] * 4
    assert fast_seconds < 0.05 <= slow_seconds


def test_at_least_one_repeat() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        race([], repeats=0)
