"""Files that could be handed in: each is a clean notebook that can be judged, or Unreadable.

The same examples every time, about twenty seconds of a processor.
"""

from __future__ import annotations

import json
from typing import Any

import nbformat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.errors import Unreadable
from autograder.notebooks.assemble import dumps
from autograder.notebooks.marks import answers_of
from autograder.notebooks.outline import cell_names, outline, part_titles
from autograder.notebooks.pairing import pair
from autograder.notebooks.read import read_submission
from autograder.steps.autograded import graded_notebook
from autograder.verdict import Verdict
from tests.autograder.mutating import mutated
from tests.autograder.small import SOURCE

FUZZ = settings(
    max_examples=1_200,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

TEXT = st.text(max_size=12) | st.sampled_from(
    [
        "\ud800",
        "\x00",
        "def scale(x): return x",
        "x = (",
        "# %% \x1b[2J",
        "%magic\nx = 1",
        "```\n# A",
    ]
)
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


def rarely(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw what belongs there, and now and then something else."""
    return st.integers(0, 11).flatmap(lambda number: strategy if number else ODD)


IDS = st.sampled_from(["scale", "scale-test", "layer", "layer-test", ""]) | TEXT
MARKS = st.fixed_dictionaries(
    {"grade_id": rarely(IDS)},
    optional={
        "solution": rarely(st.booleans()),
        "grade": rarely(st.booleans()),
        "points": ODD,
        "locked": ODD,
    },
)
CELLS = st.fixed_dictionaries(
    {"cell_type": rarely(st.sampled_from(["code", "markdown", "raw", "heading", "html"]))},
    optional={
        "id": rarely(TEXT),
        "metadata": rarely(st.fixed_dictionaries({}, optional={"nbgrader": rarely(MARKS)})),
        "source": rarely(TEXT | st.lists(rarely(TEXT), max_size=3)),
        "input": rarely(TEXT),
        "outputs": ODD,
        "attachments": ODD,
    },
)
SHEETS = st.fixed_dictionaries({"cells": rarely(st.lists(rarely(CELLS), max_size=6))})
NOTEBOOKS = st.fixed_dictionaries(
    {},
    optional={
        "nbformat": rarely(st.sampled_from([4, 4, 4, 3, 2, 1])),
        "nbformat_minor": ODD,
        "metadata": ODD,
        "cells": rarely(st.lists(rarely(CELLS), max_size=8)),
        "worksheets": rarely(st.lists(rarely(SHEETS), max_size=2)),
    },
)
VALID = dumps(SOURCE).encode()


def judgeable(data: bytes) -> None:
    """Read the file and do with the notebook all that the judge and the writer do."""
    try:
        clean = read_submission(data)
    except Unreadable:
        return
    nbformat.validate(clean)
    assert read_submission(dumps(clean).encode()) == clean
    paired = pair(outline(SOURCE), clean)
    assert len(paired.cells) == len(outline(SOURCE))
    assert all(isinstance(text, str) for text in answers_of(clean).values())
    assert all(cell_names(clean).values())
    assert all(part_titles(clean).values())
    dumps(graded_notebook(SOURCE, clean, Verdict("a", "s", "none", 1, ""))).encode()


@FUZZ
@given(rarely(NOTEBOOKS))
def test_a_made_up_notebook_is_clean_or_unreadable(content: Any) -> None:
    judgeable(json.dumps(content).encode())


@FUZZ
@given(st.data())
def test_a_damaged_file_is_clean_or_unreadable(data: st.DataObject) -> None:
    judgeable(mutated(data.draw, VALID))


@FUZZ
@given(st.binary(max_size=200) | TEXT.map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_clean_or_unreadable(data: bytes) -> None:
    judgeable(data)
