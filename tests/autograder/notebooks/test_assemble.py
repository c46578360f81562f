"""Assembly: imports become source, marks are complete, mistakes are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.errors import AutograderError
from autograder.notebooks.assemble import assemble, dumps
from autograder.notebooks.excerpt import object_sources
from autograder.notebooks.marks import grade_id_of, is_by_hand, is_demonstration
from tests.autograder import tiny


class Suite:
    """Only the points of the miniature's checks."""

    def __init__(self) -> None:
        self.refuse: list[str] = []
        self.refuse_in: dict[str, list[str]] = {}

    def points(self, grade_id: str) -> float:
        return tiny.POINTS.get(grade_id, 0.0)


@pytest.fixture
def exercise(tmp_path: Path) -> Path:
    return tiny.write_project(tmp_path) / "tiny.md"


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_import_becomes_the_source_of_the_object(exercise: Path) -> None:
    notebook = assemble(exercise, Suite())
    sources = {grade_id_of(cell): cell.source for cell in notebook.cells}
    start = tiny.SOLUTIONS.index("def double")
    end = tiny.SOLUTIONS.index("\n\n\ndef norm")
    assert sources["double"] == tiny.SOLUTIONS[start:end]
    assert sources["scale"] == "SCALE = 2"


def test_a_recipe_is_replaced_as_the_reference_is(exercise: Path) -> None:
    """Short constants stand in a row, and everything else by itself."""
    recipes = exercise.parent.parent / "autograder" / "recipes"
    recipes.mkdir(parents=True)
    text = "LETTERS = 26\nEND = LETTERS  # after the last\n\n\ndef draw(rng):\n    return END\n"
    (recipes / "words.py").write_text(text)
    change(
        exercise,
        "from solutions.tiny import SCALE",
        "from autograder.recipes.words import LETTERS, END, draw",
    )
    sources = {grade_id_of(cell): cell.source for cell in assemble(exercise, Suite()).cells}
    assert sources["scale"] == text.rstrip("\n")


def test_limits_of_its_terms_stand_in_the_notebook(exercise: Path) -> None:
    assert assemble(exercise, Suite()).metadata["autograder"]["limits"] == {}
    exercise.with_suffix(".toml").write_text("[limits]\ntotal_s = 240\n")
    assert assemble(exercise, Suite()).metadata["autograder"]["limits"] == {"total_s": 240.0}


def test_marks_are_nbgraders(exercise: Path) -> None:
    from nbgrader.nbgraderformat import MetadataValidator

    notebook = assemble(exercise, Suite())
    MetadataValidator().validate_nb(notebook)
    marks = {grade_id_of(cell): cell.metadata.get("nbgrader") for cell in notebook.cells}
    assert marks["double"]["solution"]
    assert not marks["double"]["locked"]
    assert marks["scale"]["locked"]
    assert not marks["scale"]["grade"]
    assert marks["norm-tests"]["grade"]
    assert marks["norm-tests"]["locked"]
    assert marks["norm-tests"]["points"] == 3


def test_graded_cell_ends_in_the_hidden_region(exercise: Path) -> None:
    cells = {grade_id_of(cell): cell.source for cell in assemble(exercise, Suite()).cells}
    assert cells["norm-tests"].splitlines()[-2:] == [
        "run_in_kernel('tiny', 'norm-tests', 3, globals())",
        "### END HIDDEN TESTS",
    ]


def test_twice_gives_the_same_bytes(exercise: Path) -> None:
    assert dumps(assemble(exercise, Suite())) == dumps(assemble(exercise, Suite()))


def test_decorators_come_along(exercise: Path) -> None:
    sources = object_sources(exercise.parent.parent / "solutions" / "tiny.py")
    assert sources["unused"].startswith("@functools.cache\ndef unused")


def test_several_objects_are_two_lines_apart(exercise: Path) -> None:
    change(exercise, "import double", "import double, norm")
    cells = {grade_id_of(cell): cell.source for cell in assemble(exercise, Suite()).cells}
    assert "### END SOLUTION\n\n\ndef norm" in cells["double"]


def test_objects_of_several_imports_are_two_lines_apart(exercise: Path) -> None:
    scale = "from solutions.tiny import SCALE"
    change(exercise, scale, f"a = 1\n{scale}\n{scale}\n\n\n{scale}\nb = 2")
    cells = {grade_id_of(cell): cell.source for cell in assemble(exercise, Suite()).cells}
    assert cells["scale"] == "\n\n\n".join(["a = 1", *3 * ["SCALE = 2"], "b = 2"])


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("import double", "import triple", "no class, function or constant 'triple'"),
        ("import double", "import double as twice", "under another name"),
        ("import double", "import SCALE", "no solution region"),
        ("import SCALE", "import norm", "holds a solution region"),
        ("from solutions.tiny import double", "x = 1", "must hold 'from solutions"),
        ("from solutions.tiny import double", "from solutions.none import double", "cannot read"),
        ("grade_id: norm-tests", "grade_id: double-tests", "already that of cell"),
        ("grade_id: double}", "grade_id: double-tests}", "already that of cell"),
        ("{grade_id: double}", "{solution: true}", "needs a grade_id"),
        ("{grade_id: double}", "{grade_id: 'a b'}", "needs a grade_id"),
        ("{grade_id: double}", "{grade_id: double, points: 2}", "points belong to"),
        ("points: 3", "points: 4", "its hidden checks add up to 3"),
        ("grade_id: norm-tests", "grade_id: other-tests", "has no check"),
        (", points: 3", "", "needs points"),
        ("autograder: {suite: tiny}", "title: x", "names no suite"),
        (
            "kernelspec: {display_name: Python 3, language: python, name: python3}\n",
            "",
            "kernelspec",
        ),
    ],
)
def test_mistakes_are_named(exercise: Path, old: str, new: str, says: str) -> None:
    change(exercise, old, new)
    with pytest.raises(AutograderError) as caught:
        assemble(exercise, Suite())
    assert says in caught.value.what
    assert caught.value.where
    assert caught.value.todo


def test_a_demonstration_is_known_by_its_tag(exercise: Path) -> None:
    change(exercise, "import torch", "---\ntags: [demonstration]\n---\nimport torch")
    shown = [cell.source for cell in assemble(exercise, Suite()).cells if is_demonstration(cell)]
    assert shown == ["import torch"]
    change(exercise, "tags: [solution]", "tags: [solution, demonstration]")
    with pytest.raises(AutograderError, match="neither answer nor test"):
        assemble(exercise, Suite())


def test_error_names_file_cell_and_grade_id(exercise: Path) -> None:
    change(exercise, "points: 3", "points: 4")
    with pytest.raises(AutograderError) as caught:
        assemble(exercise, Suite())
    assert caught.value.where == f"{exercise}, cell 9, grade_id norm-tests"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    ### END SOLUTION\n\n\ndef norm", "\n\ndef norm"),
        ("    ### BEGIN SOLUTION\n    sum", "    sum"),
        ("    return sum", "    ### BEGIN SOLUTION\n    return sum"),
    ],
)
def test_unbalanced_regions_are_refused(exercise: Path, old: str, new: str) -> None:
    change(exercise.parent.parent / "solutions" / "tiny.py", old, new)
    with pytest.raises(AutograderError, match="solution"):
        assemble(exercise, Suite())


MANUAL = """
+++ {"tags": ["manual"], "nbgrader": {"grade_id": "words", "points": 2}}

The model answer.

+++

```{code-cell}
---
tags: [manual]
nbgrader: {grade_id: plot, points: 1}
---
from solutions.tiny import norm
```

+++ {"tags": ["task"], "nbgrader": {"grade_id": "try", "points": 1.5}}

Try it.

+++
"""


def test_cells_that_a_person_marks_are_nbgraders(exercise: Path) -> None:
    from nbgrader.nbgraderformat import MetadataValidator

    exercise.write_text(exercise.read_text() + MANUAL)
    exercise.with_suffix(".toml").write_text('optional = ["words"]\n[points]\nplot = 4\n')
    notebook = assemble(exercise, Suite())
    MetadataValidator().validate_nb(notebook)
    cells = {grade_id_of(cell): cell for cell in notebook.cells if is_by_hand(cell)}
    marks = {name: cell.metadata["nbgrader"] for name, cell in cells.items()}
    flags = ("grade", "solution", "task", "locked", "points", "cell_type")
    assert {name: [mark[flag] for flag in flags] for name, mark in marks.items()} == {
        "words": [True, True, False, False, 2, "markdown"],
        "plot": [True, True, False, False, 4, "code"],
        "try": [False, False, True, True, 1.5, "markdown"],
    }
    assert "sum_of_the_squares" in cells["plot"].source
    assert notebook.metadata["autograder"]["optional"] == ["words"]
    assert dumps(assemble(exercise, Suite())) == dumps(notebook)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"words", "points": 2', '"words"', "needs points"),
        ('"words", "points": 2', '"double-tests", "points": 2', "already that of cell"),
        ("[manual]", "[manual, solution]", "one tag of"),
        ("[manual]", "[manual, demonstration]", "neither answer nor test"),
        ("[manual]", "[task]", "a task is text"),
        ("import norm\n```\n\n+++", "import SCALE\n```\n\n+++", "no solution region"),
        ("The model", "### BEGIN SOLUTION\nThe model", "not closed"),
        ('["manual"]', '["solution"]', "only code cells"),
    ],
)
def test_mistakes_in_cells_by_hand_are_named(exercise: Path, old: str, new: str, says: str) -> None:
    exercise.write_text(exercise.read_text() + MANUAL)
    change(exercise, old, new)
    with pytest.raises(AutograderError) as caught:
        assemble(exercise, Suite())
    assert says in caught.value.what
    assert "tiny.md, cell" in caught.value.where


def test_a_person_and_checks_do_not_mark_one_cell(exercise: Path) -> None:
    change(exercise, "norm-tests, points: 3", "norm-others, points: 3")
    exercise.write_text(exercise.read_text() + MANUAL.replace('"words"', '"norm-tests"'))
    change(exercise, "nbgrader: {grade_id: norm-others, points: 3}", "tags: [demonstration]")
    with pytest.raises(AutograderError, match="a person marks this cell, and the suite"):
        assemble(exercise, Suite())
