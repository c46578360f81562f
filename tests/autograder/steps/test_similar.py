"""`autograder similar`: what was handed in, less what was handed out; a page safe to open."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.course.directory import Course
from autograder.errors import AutograderError
from autograder.steps.similar import MAX_CHARS, similar, write_page
from benchmarks.disguise import disguised
from tests.autograder import tiny
from tests.autograder.similarity.test_pairs import ODD

Submit = Callable[[str, dict[str, str]], Path]
MINE = tiny.RIGHT | {"norm": ODD}
THEIRS = tiny.RIGHT | {"norm": disguised(ODD)}


def pairs(course: Course, *against: Path) -> list[tuple[str, str]]:
    found = similar(course, tiny.NAME, against).pairs
    return [(pair.texts[0].owner, pair.texts[1].owner) for pair in found]


def test_a_copy_is_found_with_its_part(course: Course, submit: Submit) -> None:
    submit("ada", MINE)
    submit("bob", tiny.WRONG_NORM)
    submit("eve", THEIRS)
    found = similar(course, tiny.NAME)
    (pair,) = found.pairs
    assert [text.owner for text in pair.texts] == ["ada", "eve"]
    assert [share.part for share in pair.parts] == ["Norm"]
    assert (found.compared, found.earlier, found.unread) == (3, 0, [])


def test_the_released_stub_is_nobodys(course: Course, submit: Submit) -> None:
    for student in ("ada", "eve"):
        submit(student, {})
    assert pairs(course) == []


def test_the_reference_is_nobodys(course: Course, submit: Submit) -> None:
    submit("ada", MINE)
    submit("eve", THEIRS)
    assert pairs(course) == [("ada", "eve")]
    source = course.notebook("source", tiny.NAME)
    notebook = tiny.read_notebook(source)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "norm":
            cell.source = ODD
    tiny.write_notebook(source, notebook)
    assert pairs(course) == []


def test_helpers_in_cells_of_their_own_are_read(course: Course, submit: Submit) -> None:
    submit("ada", MINE)
    path = submit("eve", tiny.RIGHT)
    notebook = tiny.read_notebook(path)
    notebook.cells.append({"cell_type": "code", "metadata": {}, "source": ODD, "id": "mine"})
    tiny.write_notebook(path, notebook)
    assert pairs(course) == [("ada", "eve")]


def test_what_cannot_be_read_is_named_and_the_rest_compared(course: Course, submit: Submit) -> None:
    submit("ada", MINE)
    submit("eve", MINE | {"double": "x = 1\n" * MAX_CHARS})
    submit("broken", {"norm": f"{ODD}\n  def ((", "double": "'"})
    submit("junk", {}).write_text("not JSON")
    found = similar(course, tiny.NAME)
    assert {who: why.partition(":")[2] for who, why in found.unread}[
        "eve"
    ] == " too long to compare"
    assert {who for who, _ in found.unread} == {"eve", "junk"}
    assert sorted(pairs(course)) == [("ada", "broken"), ("ada", "eve"), ("broken", "eve")]


def test_another_year_is_compared_too(course: Course, submit: Submit, tmp_path: Path) -> None:
    last = tmp_path / "last-year"
    made = submit("old", THEIRS)
    made.rename(last_path := _ready(last / "submitted" / "old" / tiny.NAME / made.name))
    made.parent.rmdir()
    submit("ada", MINE)
    assert pairs(course) == []
    assert pairs(course, last) == [("ada", "old (last-year)")]
    loose = tmp_path / "loose"
    last_path.rename(_ready(loose / "somebody.ipynb"))
    assert pairs(course, loose) == [("ada", "somebody.ipynb (loose)")]
    with pytest.raises(AutograderError, match="no submission of 'tiny' to compare with"):
        similar(course, tiny.NAME, [last])


def _ready(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def test_the_page_marks_what_matches_and_is_escaped(
    course: Course, submit: Submit, tmp_path: Path
) -> None:
    evil = "\n# </pre><script>alert(1)</script><img src=x onerror=y>\n"
    submit("ada", MINE | {"norm": evil + ODD + evil})
    submit("b<eve>", THEIRS)
    write_page(similar(course, tiny.NAME), tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert page.count("<script>") == 1
    assert "<img" not in page
    assert "b&lt;eve&gt;" in page
    assert "reason to look, not proof" in page
    first, second = re.findall(r"<pre>(.*?)</pre>", page, re.DOTALL)
    assert "&lt;/pre&gt;&lt;script&gt;" in first
    assert "clamp(min=0).pow(0.5)" in re.sub(r"</?mark>", "", first)
    for side in (first, second):
        marked = "".join(re.findall(r"<mark>(.*?)</mark>", side, re.DOTALL))
        assert "unbind(0)" in marked
        assert "alert" not in marked


def test_nobody_in_common_is_said(course: Course, submit: Submit, tmp_path: Path) -> None:
    submit("ada", MINE)
    write_page(similar(course, tiny.NAME), tmp_path / "page.html")
    assert "No two share anything" in (tmp_path / "page.html").read_text()
