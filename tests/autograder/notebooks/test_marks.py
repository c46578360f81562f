"""What the marks of cells say: one id may stand on many cells, however large they are together."""

from __future__ import annotations

import pytest

from autograder.notebooks.marks import MAX_SHOWN, answers_of
from tests.autograder.bounded import bounded
from tests.autograder.small import cell


def notebook(sources: list[str], grade_id: str = "a") -> dict[str, object]:
    return {"cells": [cell(source, grade_id, solution=True) for source in sources]}


@pytest.mark.parametrize(
    ("sources", "answer"),
    [
        (["x = 1"], "x = 1"),
        (["x = 1", "x = 1"], "x = 1"),
        (["x = 1", "x = 2"], "x = 1\n\n# Another cell with the same id:\nx = 2"),
        (["", ""], ""),
    ],
)
def test_all_cells_of_an_id_are_shown_once(sources: list[str], answer: str) -> None:
    assert answers_of(notebook(sources)) == {"a": answer}
    assert answers_of(notebook(sources, "")) == {}


def test_no_more_than_anybody_reads_is_shown() -> None:
    answer = answers_of(notebook(["x" * MAX_SHOWN, "y"]))["a"]
    assert answer == "x" * MAX_SHOWN + "\n[...]"


def test_many_large_cells_of_one_id_are_put_together_in_linear_time() -> None:
    many = notebook([f"x = {number}\n" * 4_000 for number in range(2_000)])
    assert bounded(lambda: answers_of(many), cpu_s=10) == ""
