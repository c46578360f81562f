"""Scans are counted as their loops and trees say, and held against double precision."""

from __future__ import annotations

import math

from experiments.family import scans


def counted(length: int) -> dict[str, dict[str, int]]:
    found = scans.counts({"lengths": [length], "seed": 0})["forms"]
    return {name: rows[0] for name, rows in found.items()}


def test_counts_follow_from_the_forms() -> None:
    length = 64
    found = counted(length)
    assert found["one by one"]["work"] == 2 * length  # a product and a sum each
    assert found["one by one"]["chain"] > 2 * length
    # Round k joins all but 2^k steps. Every join: two products and a sum; at the end a product and
    # a sum for h(0).
    joins = sum(length - 2**k for k in range(6))
    assert found["Hillis-Steele"]["work"] == 3 * joins + 2 * length
    assert found["odd-even"]["work"] < 6 * length
    assert found["Hillis-Steele"]["chain"] < 5 * math.log2(length) + 5
    assert found["odd-even"]["moved"] < found["Hillis-Steele"]["moved"]


def test_log_space_loses_digits_with_length_and_the_others_do_not() -> None:
    found = scans.precision({"lengths": [64, 4096], "seeds": [0], "dim": 2})["error"]
    short, long = found.pop("log space")
    assert 1e-6 < short < 1e-4 < long
    assert max(max(errors) for errors in found.values()) < 1e-6


def test_every_form_is_timed_at_every_length() -> None:
    p = {"lengths": [8, 16], "model_lengths": [8], "width": 2, "states": 2, "rounds": 1}
    found = scans.times(p)
    assert [set(point) for point in found["seconds"]] == 2 * [{*scans.FORMS, "compiled"}]
    assert set(found["model_seconds"][0]) == {"recurrent", "convolution", "scan"}
    assert all(s > 0 for point in found["seconds"] for s in point.values())
