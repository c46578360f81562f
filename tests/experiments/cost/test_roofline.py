"""What one core can do: more rows mean more operations for each byte."""

from __future__ import annotations

import pytest

from experiments.cost import roofline


def test_operations_for_each_byte_are_those_of_the_product() -> None:
    parameters = {"width": 64, "rows": [1, 32], "copied": 1000, "turns": 1, "seed": 0}
    found = roofline.run(parameters, "cpu")
    one, many = found["points"]
    # 2 n^2 operations a row; n^2 weights, and n numbers in and out for each row, of 4 bytes
    assert one["flop_per_byte"] == pytest.approx(2 * 64**2 / (4 * (64**2 + 2 * 64)), rel=1e-3)
    assert many["flop_per_byte"] > 10 * one["flop_per_byte"]
    for value in (one["flop_per_s"], many["flop_per_s"], *list(found.values())[1:]):
        assert value > 0
