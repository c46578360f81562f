"""What a student runs: each failure leads to the cell and line, and to what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from autograder.checks import load_suite
from autograder.course.directory import Course
from autograder.errors import AutograderError
from autograder.judge.notebook import judge_notebook
from autograder.line.local import LocalSpawner
from autograder.notebooks.read import read_submission
from autograder.student.check import Outcome, check
from tests.autograder import tiny
from tests.autograder.student.conftest import Make


def messages(outcome: Outcome) -> dict[str, str]:
    return {part.title: part.message for part in outcome.parts if not part.passed}


def code(source: str, cell_id: str = "my-own") -> dict:
    return {
        "id": cell_id,
        "cell_type": "code",
        "metadata": {},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def grade_id(cell: dict) -> str:
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "")


def test_right_answers_pass(notebook: Make) -> None:
    outcome = check(notebook(tiny.RIGHT))
    assert [part.passed for part in outcome.parts] == [True, True]
    assert outcome.warnings == []


def test_blank_is_not_filled_in(notebook: Make) -> None:
    told = messages(check(notebook({})))
    assert told["Double"] == (
        "Line 4 of the answer cell of “Double”, `raise NotImplementedError()`: not filled in yet. "
        "Replace 'raise NotImplementedError()' by your code."
    )


@pytest.mark.parametrize(
    ("norm", "says"),
    [
        (
            "def norm(x):\n    return x.sum()",
            "Line 1 of the test cell of “Norm”, `assert norm(torch.tensor([3.0, 4.0])) == 5`: "
            "the assertion does not hold",
        ),
        (
            "def norm(x):\n    return 1 / 0",
            "Line 2 of the answer cell of “Norm”, `return 1 / 0`: ZeroDivisionError",
        ),
        ("def norm(x:", "Line 1 of the answer cell of “Norm”, `def norm(x:`: SyntaxError"),
        ("x = 1", "NameError: name 'norm' is not defined"),
        ("import os; os._exit(0)", "ended the Python process"),
    ],
)
def test_failures_lead_to_the_line(notebook: Make, norm: str, says: str) -> None:
    outcome = check(notebook(tiny.RIGHT | {"norm": norm}))
    assert says in messages(outcome)["Norm"]
    assert outcome.parts[0].passed


def test_a_test_that_fails_says_what_it_met_and_where_to_look(notebook: Make) -> None:
    part = check(notebook(tiny.WRONG_NORM)).parts[1]
    assert part.came_back == "`norm(torch.tensor([3.0, 4.0]))` is tensor(7.); should be 5"
    assert part.help == "Read “Norm” in the notebook again."
    blank = check(notebook({})).parts[1]
    assert (blank.examined, blank.came_back, blank.help) == ("", "", "")


def test_a_part_made_of_one_that_fails_leads_to_that(notebook: Make) -> None:
    answers = {
        "double": "def double(x):\n    return 3 * x",
        "norm": "def norm(x):\n    return double(x)",
    }
    assert messages(check(notebook(answers)))["Norm"].endswith(
        "\nThis part uses `double` of “Double”, which fails, too: begin there."
    )
    for changed in ({"double": tiny.RIGHT["double"]}, {"norm": "def norm(x):\n    return x.sum()"}):
        assert "begin there" not in messages(check(notebook(answers | changed)))["Norm"]


def test_a_stub_that_no_test_comes_by_fails_its_part(notebook: Make) -> None:
    later = tiny.RIGHT["norm"] + "\n\n\ndef unused():\n    raise NotImplementedError()"
    outcome = check(notebook(tiny.RIGHT | {"norm": later}))
    (message,) = messages(outcome).values()
    assert "`raise NotImplementedError()`: not filled in yet" in message
    abstract = later.replace("Error()", 'Error("a subclass must do this")')
    assert messages(check(notebook(tiny.RIGHT | {"norm": abstract}))) == {}


def test_a_given_cell_that_fails_is_warned_about_when_all_tests_pass(notebook: Make) -> None:
    def broken(cells: list[dict]) -> list[dict]:
        shown = next(cell for cell in cells if cell["cell_type"] == "code" and not grade_id(cell))
        shown["source"] += "\n1 / 0"
        return cells

    outcome = check(notebook(tiny.RIGHT, broken))
    assert messages(outcome) == {}
    assert any("`1 / 0`: ZeroDivisionError" in warning for warning in outcome.warnings)


def test_a_demonstration_is_run_and_lends_no_name(notebook: Make) -> None:
    """Grading leaves it out, so an answer must not stand on it."""

    def shows(cells: list[dict]) -> list[dict]:
        (plain,) = (each for each in cells if each["source"] == ["import torch"])
        plain["metadata"]["tags"] = ["demonstration"]
        plain["source"] = "import torch\n\nHALF = 0.5"
        return cells

    norm = "def norm(x):\n    return HALF * 2 * (x @ x) ** 0.5"
    outcome = check(notebook(tiny.RIGHT | {"norm": norm}, shows))
    assert all(part.passed for part in outcome.parts)
    assert any("HALF" in warning for warning in outcome.warnings)


def test_an_endless_loop_is_stopped(notebook: Make) -> None:
    outcome = check(notebook(tiny.RIGHT | {"norm": "while True: pass"}), cell_s=2.0)
    assert "The answer cell of “Norm”: did not finish within 2 s" in messages(outcome)["Norm"]


def test_helpers_outside_the_answers_are_named(notebook: Make) -> None:
    path = notebook(
        tiny.RIGHT | {"norm": "def norm(x):\n    return length(x)"},
        lambda cells: [code("def length(x):\n    return (x ** 2).sum() ** 0.5"), *cells],
    )
    outcome = check(path)
    assert "`length` is defined in a cell of your own" in messages(outcome)["Norm"]
    assert any("length" in warning for warning in outcome.warnings)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda cells: [c for c in cells if grade_id(c) != "norm"],
            "The answer cell `norm` is missing",
        ),
        (
            lambda cells: [c for c in cells if grade_id(c) != "norm-tests"],
            "cell `norm-tests` is missing",
        ),
        (
            lambda cells: [*cells, next(c for c in cells if grade_id(c) == "norm")],
            "2 identical cells carry the id of the answer cell of “Norm”",
        ),
        (
            lambda cells: [
                c | {"source": "pass"} if grade_id(c) == "norm-tests" else c for c in cells
            ],
            "The test cell of “Norm” was changed",
        ),
        (
            lambda cells: [
                c | {"source": "import os"} if c["id"] == "code-002" else c for c in cells
            ],
            "Given cell 1 of “Two small functions” was changed",
        ),
    ],
)
def test_damage_to_the_notebook_is_named(notebook: Make, change: Callable, says: str) -> None:
    assert any(says in warning for warning in check(notebook(tiny.RIGHT, change)).warnings)


def test_only_names_that_answers_use_are_warned_about(notebook: Make) -> None:
    scratch = [code("brief = lambda x: x\nloss = 3"), code("y = brief(loss)", "mine-2")]
    path = notebook(
        tiny.RIGHT | {"norm": "def norm(x):\n    return brief(x.pow(2).sum().sqrt())"},
        lambda cells: [*scratch, *cells],
    )
    (warning,) = check(path).warnings
    assert warning.startswith("Defined where grading does not look: brief. ")


def test_deep_source_is_told_and_not_fatal(notebook: Make) -> None:
    deep = "helper = " + "-" * 100_000 + "1"
    outcome = check(notebook(tiny.RIGHT | {"norm": deep}, lambda cells: [*cells, code(deep)]))
    assert [part.passed for part in outcome.parts] == [True, False]
    assert "Error" in messages(outcome)["Norm"]


@pytest.mark.parametrize(
    "norm",
    [
        "norm = torch.linalg.norm",
        "%time\nfrom torch.linalg import norm as ready\nnorm = lambda x: ready(x)",
        "def norm(x):\n    return getattr(torch.linalg, 'no' + 'rm')(x)",  # not before it runs
    ],
)
def test_what_grading_refuses_fails(course: Course, notebook: Make, norm: str) -> None:
    """Check and grade say the same of a part, in the same words where the source tells."""
    path = notebook(tiny.RIGHT | {"norm": norm})
    outcome = check(path)
    assert [part.passed for part in outcome.parts] == [True, False]
    assert "torch.linalg.norm is ready made" in outcome.parts[1].message
    verdict = judge_notebook(
        nbformat.read(course.notebook("source", tiny.NAME), as_version=4),
        read_submission(path.read_bytes()),
        load_suite("tiny"),
        LocalSpawner(),
        student="ada",
        assignment=tiny.NAME,
        seed=1,
        fingerprint="",
    )
    assert [part.points for part in verdict.parts] == [2.0, 0.0]
    for found in verdict.parts[1].checks:
        assert "torch.linalg.norm is ready made" in found.message
        if "getattr" not in norm:
            assert outcome.parts[1].message.startswith(found.message)


def test_a_deleted_test_cell_fails(notebook: Make) -> None:
    path = notebook(tiny.RIGHT, lambda cells: [c for c in cells if grade_id(c) != "norm-tests"])
    outcome = check(path)
    assert [part.passed for part in outcome.parts] == [True, False]
    assert outcome.parts[1].title == "The given cell `norm-tests`"
    assert "Copy it back" in outcome.parts[1].message


def test_lost_cell_ids_are_no_problem(notebook: Make) -> None:
    path = notebook(tiny.RIGHT)
    content = json.loads(path.read_text())
    for cell in content["cells"]:
        del cell["id"]
    path.write_text(json.dumps(content | {"nbformat_minor": 4}))
    assert check(path) == Outcome(parts=check(notebook(tiny.RIGHT)).parts)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "cannot be read"),
        ("not JSON", "not JSON"),
        ('{"nbformat": 4, "cells": [{"cell_type": "code", "source": "x"}]}', "not a notebook of a"),
    ],
)
def test_unusable_files_are_refused(tmp_path: Path, text: str | None, says: str) -> None:
    path = tmp_path / "mine.ipynb"
    if text is not None:
        path.write_text(text)
    with pytest.raises(AutograderError, match=says):
        check(path)


def test_no_test_cell_left(notebook: Make) -> None:
    path = notebook(tiny.RIGHT, lambda cells: [c for c in cells if "tests" not in grade_id(c)])
    with pytest.raises(AutograderError, match="no test cell"):
        check(path)
