"""What a visible test met is told: both sides of it, and where they differ."""

from __future__ import annotations

import pytest
import torch

from autograder.student.assertion import came_back, purpose

NAMES = {
    "torch": torch,
    "x": torch.tensor([[1.0, 2.0], [3.0, 4.0]]),
    "y": torch.tensor([[1.0, 2.5], [3.0, 8.0]]),
    "n": 3,
    "long": list(range(100)),
}


def told(test: str) -> str:
    return came_back(f"y = 1\n{test}", 2, lambda expression: eval(expression, dict(NAMES)))


@pytest.mark.parametrize(
    ("test", "says"),
    [
        ("assert n == 4, 'no'", "`n` is 3; should be 4"),
        ("assert n + 1 < 4", "`n + 1` is 4; should be less than 4"),
        ("assert n is None", "`n` is 3; should be None"),
        ("assert n not in [3]", "`n` is 3; should not be in [3]"),
        ("assert abs(n - 2.5) < 1e-6, f'{n}'", "`n` is 3; should be 2.5, to 1e-06"),
        ("assert abs(x[0, 1] - 1) <= 0.1", "`x[0, 1]` is tensor(2.); should be 1, to 0.1"),
        ("assert isinstance(n, str)", "`type(n)` is int; should be str"),
        ("assert x.shape == (2,)", "`x.shape` is torch.Size([2, 2]); should be (2,)"),
        ("assert long == []", f"`long` is {str(list(range(100)))[:120]}...; should be []"),
        (
            "assert torch.allclose(x, y, atol=0.6)",
            "`x`, a float32 tensor of shape (2, 2): at index (1, 1) it is 4 and should be 8; "
            "1 of 4 values differ, most at index (1, 1), by 4",
        ),
        (
            "assert torch.equal(x, y)",
            "`x`, a float32 tensor of shape (2, 2): at index (0, 1) it is 2 and should be 2.5; "
            "2 of 4 values differ, most at index (1, 1), by 4",
        ),
        (
            "assert torch.allclose(x[0], y)",
            "`x[0]` is a float32 tensor of shape (2,); should be a float32 tensor of shape (2, 2)",
        ),
    ],
)
def test_both_sides_are_told(test: str, says: str) -> None:
    assert told(test) == says


@pytest.mark.parametrize(
    "test",
    [
        "assert not torch.equal(x, x)",
        "assert n and not n",
        "assert 1 < n < 3",
        "assert missing == 1",
        "assert n == 1 / 0",
        "n = 4",
        "assert (",
    ],
)
def test_of_other_forms_nothing_is_told(test: str) -> None:
    assert told(test) == ""


def test_an_object_that_cannot_be_printed_is_no_error() -> None:
    class Rude:
        def __repr__(self) -> str:
            raise ValueError

    assert came_back("assert a == 1", 1, lambda expression: (Rude(), 1)) == ""


def test_the_comment_above_says_what_a_test_is_about() -> None:
    source = """\
# What: the names. Why: everybody
# relies on them.
cell = 3
assert cell == 3

# What: another.
assert 1 == 2, (
    "no"
)

assert 2 == 3
"""
    assert purpose(source, 4) == "the names. Why: everybody relies on them."
    assert purpose(source, 7) == "another."
    assert purpose(source, 11) == ""
