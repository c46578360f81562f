"""Cells are named by what stands above them in the notebook, and lines by their text."""

from __future__ import annotations

from typing import Any

import nbformat.v4 as v4
import pytest

from autograder.notebooks.outline import (
    cell_names,
    line_of,
    outline,
    outline_of_facts,
    part_titles,
)


def code(source: str, cell_id: str, **meta: Any) -> Any:
    return v4.new_code_cell(source, id=cell_id, metadata={"nbgrader": meta} if meta else {})


def notebook() -> Any:
    fenced = "```python\n# no heading\n```"
    return v4.new_notebook(
        cells=[
            code("import torch", "top"),
            v4.new_markdown_cell(f"Some text.\n\n## Part 1: *one* `step`\n\nMore.\n\n{fenced}"),
            code("def a(): ...", "x1", grade_id="a", solution=True),
            code("def b(): ...", "x2", grade_id="b", solution=True),
            code("assert a()", "x3", grade_id="a-tests", grade=True, points=2),
            v4.new_markdown_cell("no heading, so it is still part 1"),
            code("assert b()", "x4", grade_id="b-tests", grade=True, points=1),
            v4.new_markdown_cell("### Part 2"),
            code("def c(): ...", "x5", grade_id="c", solution=True),
            code("assert c()", "x6", grade_id="c-tests", grade=True, points=1),
        ]
    )


def test_cells_are_named_by_kind_and_heading() -> None:
    assert cell_names(notebook()) == {
        "top": "the given cell `top`",
        "a": "answer cell 1 of “Part 1: one step”",
        "b": "answer cell 2 of “Part 1: one step”",
        "a-tests": "test cell 1 of “Part 1: one step”",
        "b-tests": "test cell 2 of “Part 1: one step”",
        "c": "the answer cell of “Part 2”",
        "c-tests": "the test cell of “Part 2”",
    }


def test_parts_have_the_heading_above_them_as_title() -> None:
    assert part_titles(notebook()) == {
        "a-tests": "Part 1: one step",
        "b-tests": "Part 1: one step (2)",
        "c-tests": "Part 2",
    }


def test_the_facts_of_a_released_notebook_give_the_same_outline() -> None:
    cells = outline(notebook())
    facts = {cell.id if cell.id == "top" else f"cell-{cell.id}": cell.digest for cell in cells}
    again = outline_of_facts(facts, notebook())
    for cell, known in zip(cells, again, strict=True):
        assert (known.id, known.role, known.name) == (cell.id, cell.role, cell.name)
        assert (known.is_marked, known.digest) == (cell.is_marked, cell.digest)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (2, "line 2 of the answer cell, `return 1`"),
        (9, "line 9 of the answer cell"),
        (0, "the answer cell"),
    ],
)
def test_a_line_is_quoted(line: int, text: str) -> None:
    assert line_of("the answer cell", line, "def a():\n    return 1\n") == text
