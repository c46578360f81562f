"""Only solution cells come from the submission; everything odd is said and nothing breaks."""

from __future__ import annotations

from typing import Any

import nbformat.v4 as v4
import pytest

from autograder.errors import AutograderError
from autograder.notebooks.outline import outline
from autograder.notebooks.pairing import STUB, blamed, pair, refused_parts
from autograder.notebooks.regions import without_hidden
from autograder.student.rehearsal import Ran


def code(source: str, **meta: Any) -> Any:
    return v4.new_code_cell(source, metadata={"nbgrader": meta} if meta else {})


def solution(grade_id: str, source: str) -> Any:
    return code(source, grade_id=grade_id, solution=True, grade=False)


def graded(grade_id: str, source: str, points: float = 1) -> Any:
    return code(source, grade_id=grade_id, solution=False, grade=True, points=points)


def given(grade_id: str, source: str) -> Any:
    return code(source, grade_id=grade_id, solution=False, grade=False, locked=True)


FIRST = v4.new_code_cell("import torch", id="first")
TEXT = v4.new_markdown_cell("hi", metadata={"nbgrader": {"grade_id": "a"}})
KEPT = "def a(): return 1"
HIDDEN = "\n### BEGIN HIDDEN TESTS\nassert secret\n### END HIDDEN TESTS"


def source() -> Any:
    return v4.new_notebook(
        cells=[
            v4.new_markdown_cell("# Title"),
            FIRST,
            given("scale", "SCALE = 2"),
            solution("a", KEPT),
            solution("b", "def b(): return 2"),
            graded("a-test", f"assert a() == 1{HIDDEN}", 2),
            graded("b-test", "assert b() == 2"),
            solution("c", "class C: pass"),
            graded("c-test", "C()"),
        ]
    )


def submission(**changes: Any) -> Any:
    """The released notebook with some cells replaced, by id; None deletes one."""
    notebook = source()
    notebook.cells[5]["source"] = "assert a() == 1\n"
    cells = []
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        change = changes.get(grade_id.replace("-", "_"), cell)
        cells += change if isinstance(change, list) else [change]
    notebook.cells = [cell for cell in cells if cell is not None]
    return notebook


def sources(paired: Any) -> dict[str, str | None]:
    return {cell.id: cell.source for cell in paired.cells}


def test_a_faithful_submission_has_no_problem() -> None:
    paired = pair(outline(source()), submission(a=solution("a", "def a(): return 10")))
    assert paired.problems == []
    assert sources(paired) == {
        "first": "import torch",
        "scale": "SCALE = 2",
        "a": "def a(): return 10",
        "b": "def b(): return 2",
        "a-test": "assert a() == 1",
        "b-test": "assert b() == 2",
        "c": "class C: pass",
        "c-test": "C()",
    }
    assert paired.points == {"a-test": 2.0, "b-test": 1.0, "c-test": 1.0}
    assert paired.answers == {"a-test": ["a", "b"], "b-test": ["a", "b"], "c-test": ["c"]}
    assert paired.homes == {"a": "a", "b": "b", "C": "c"}
    assert [cell.role for cell in paired.cells[:5]] == [
        *("given", "given", "solution", "solution", "test")
    ]


@pytest.mark.parametrize(
    ("changes", "problem", "kept"),
    [
        ({"a": None}, "answer cell 1 of “Title” is missing", None),
        ({"a": TEXT}, "not a code", None),
        (
            {"a": [solution("a", "x = 1"), solution("a", "x = 2")]},
            "2 cells carry the id of answer",
            None,
        ),
        ({"a": [solution("a", "x = 1")] * 2}, "2 identical cells", "x = 1"),
        ({"a_test": None}, "test cell 1 of “Title” is missing", KEPT),
        ({"a_test": graded("a-test", "pass")}, "test cell 1 of “Title” was changed", KEPT),
        ({"scale": given("scale", "SCALE = 3")}, "given cell 2 of “Title” was changed", KEPT),
    ],
)
def test_changes_are_told_and_do_not_count(changes: Any, problem: str, kept: str | None) -> None:
    paired = pair(outline(source()), submission(**changes))
    assert len(paired.problems) == 1
    assert problem in paired.problems[0]
    assert sources(paired)["a"] == kept
    assert sources(paired)["a-test"] == "assert a() == 1"
    assert sources(paired)["scale"] == "SCALE = 2"


def test_names_defined_elsewhere_are_known() -> None:
    extra = code(
        "import math\nbrief = lambda x: x\ndef helper(): pass\nx, (y, z) = 1, (2, 3)\n"
        "w: int = 3\nclass K: ..."
    )
    changed = given("scale", "SCALE = 3\nother = 1")
    paired = pair(outline(source()), submission(a=[extra, solution("a", "")], scale=changed))
    assert {"math", "brief", "helper", "x", "y", "z", "w", "K"} <= paired.strays.keys()
    assert "cell of your own" in paired.strays["helper"]
    assert "given cell" in paired.strays["other"]


def test_an_untouched_notebook_has_no_strays() -> None:
    paired = pair(outline(source()), submission(a=solution("a", "def a(): return 1")))
    assert paired.strays == {}
    assert paired.remarks == []


def test_what_a_changed_cell_still_defines_is_no_stray() -> None:
    changed = given("scale", "SCALE = 2\nother = 1")
    paired = pair(outline(source()), submission(scale=changed))
    assert paired.strays.keys() == {"other"}


def test_cells_without_marks_are_known_by_id_or_text_and_only_remarked_on() -> None:
    edited = submission()
    edited.cells[1] = FIRST | {"source": "import torch, math"}
    paired = pair(outline(source()), edited)
    assert paired.problems == []
    (remark,) = paired.remarks
    assert "given cell 1 of “Title” was changed" in remark
    assert paired.strays.keys() == {"math"}
    edited = submission()
    edited.cells[1] = FIRST | {"id": "lost"}
    assert pair(outline(source()), edited).remarks == []


@pytest.mark.parametrize("deep", ["(" * 500 + "1" + ")" * 500, "-" * 100_000 + "1", "x = 1\0"])
def test_source_that_python_cannot_read_is_paired_all_the_same(deep: str) -> None:
    extra = code(f"helper = {deep}")
    paired = pair(outline(source()), submission(a=[extra, solution("a", deep)]))
    assert paired.strays.keys() == {"helper"}
    assert sources(paired)["a"] == deep


@pytest.mark.parametrize(
    "notebook",
    [
        {},
        None,
        {"cells": None},
        {"cells": [3, "x", {}, {"cell_type": "code"}]},
        {"cells": [{"cell_type": "code", "metadata": None, "source": ["a", 3]}]},
        {"cells": [{"cell_type": "code", "metadata": {"nbgrader": {"grade_id": ["a"]}}}]},
        {"cells": [{"cell_type": "code", "metadata": {"nbgrader": 7}, "source": None}]},
    ],
)
def test_a_shapeless_submission_is_one_problem(notebook: Any) -> None:
    paired = pair(outline(source()), notebook)
    assert len(paired.problems) == 1
    assert "carries an id" in paired.problems[0]
    assert sources(paired)["a"] is None


def test_hidden_regions_go_and_must_be_closed() -> None:
    assert without_hidden(f"a{HIDDEN}\nb") == "a\nb"
    for broken in (
        "### BEGIN HIDDEN TESTS\nx",
        "### END HIDDEN TESTS",
        "### BEGIN HIDDEN TESTS\n### BEGIN HIDDEN TESTS",
    ):
        with pytest.raises(AutograderError, match="hidden region"):
            without_hidden(broken)


@pytest.mark.parametrize(
    ("way", "place"),
    [
        ([("tests", 4), ("a", 2)], ("a", 2)),  # the answer itself
        ([("tests", 4), ("a", 2), ("helper", 9)], ("a", 2)),  # what an answer calls
        ([("tests", 4), ("a", 2), ("helper", 9), ("b", 1), ("helper", 8)], ("b", 1)),
        ([("tests", 4), ("helper", 9)], ("helper", 9)),  # no answer had a part in it
        ([], ("helper", 9)),
    ],
)
def test_an_error_in_given_code_is_looked_for_in_the_answer_that_called_it(
    way: list[tuple[str, int]], place: tuple[str, int]
) -> None:
    cells = [given("helper", "def check(x): x.shape"), solution("a", KEPT), solution("b", KEPT)]
    notebook = v4.new_notebook(cells=[*cells, graded("tests", "a()")])
    paired = pair(outline(notebook), notebook)
    cell, line = way[-1] if way else ("helper", 9)
    assert blamed(paired, Ran("TypeError: x", "TypeError", line, cell, way=way)) == place
    stub = Ran(STUB, STUB, line, cell, way=way)
    assert blamed(paired, stub) == (cell, line)  # what is blank stays to be filled in


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({"c": {"torch.nn.GRU": 1}}, {"c-test": "torch.nn.GRU"}),  # refused everywhere
        ({"c": {"torch.autograd.grad": 1}}, {}),  # refused to the answers of a-test only
        ({"c": {"torch._VF.gru": 1}}, {"c-test": "torch._VF.gru"}),  # behind a refused name
        ({"c": {"torch.nn.GRU": 5, "torch.nn.RNN": 2}}, {"c-test": "torch.nn.RNN"}),  # the first
        ({"b": {"torch.autograd.grad": 1}}, {"a-test": "torch.autograd.grad"}),
        ({"a": {"torch.nn.GRU": 1}}, {"a-test": "torch.nn.GRU", "b-test": "torch.nn.GRU"}),
        ({"scale": {"torch.nn.GRU": 1}}, {}),  # given code is ours
    ],
)
def test_a_part_is_refused_for_what_its_answers_name(
    found: dict[str, dict[str, int]], told: dict[str, str]
) -> None:
    paired = pair(outline(source()), submission())
    refuse, refuse_in = ["torch.nn.GRU"], {"a-test": ["torch.autograd.grad"]}
    refused = refused_parts(paired, found, refuse, refuse_in, "{} is ready made".format)
    assert refused.keys() == told.keys()
    for part, name in told.items():
        assert f"{name} " in refused[part]
