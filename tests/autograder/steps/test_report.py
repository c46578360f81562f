"""The class report: pages that agree with each other, say what there is to say, and stay folded."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from msgspec.structs import replace

from autograder.course.directory import Course
from autograder.errors import AutograderError
from autograder.steps.collect import collect
from autograder.steps.feedback import feedback
from autograder.steps.pages import script
from autograder.steps.report import report, report_all, site
from autograder.steps.site.people import Person
from autograder.verdict import CheckResult, PartResult, Verdict
from tests.autograder import tiny
from tests.autograder.classes import class_of, someone
from tests.autograder.scored import scored

Submit = Callable[[str, dict[str, str]], Path]
Grade = Callable[..., dict[str, Verdict]]


def words(page: str) -> str:
    """Return the text of a page."""
    found: list[str] = []
    parser = HTMLParser()
    parser.handle_data = found.append  # type: ignore[method-assign]
    parser.feed(re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL))
    return " ".join(" ".join(found).split())


def test_the_pages_of_a_class_lead_to_each_other(
    course: Course, submit: Submit, grade_here: Grade
) -> None:
    submit("ada", tiny.RIGHT)
    submit("eve", tiny.WRONG_NORM)
    submit("junk", {}).write_text("not JSON")
    grade_here()
    submit("late", tiny.RIGHT)
    feedback(course, tiny.NAME)
    front = report(course, tiny.NAME)
    assert front == course.root / "report" / tiny.NAME / "index.html"
    text = front.read_text()
    said = words(text)
    assert "3 submissions judged" in said
    assert "1 with no mark yet (collected but not graded, or not in the gradebook): late" in said
    assert re.search(r"is the Euclidean norm</a>.*?1 / 3", text, re.DOTALL)
    assert re.search(r"doubles a matrix</a>.*?2 / 3", text, re.DOTALL)
    assert "junk : The submitted file is not a notebook" in said
    rows = re.findall(
        r'\.html">(\w+)</a></th>\s*<td class="number">([\d.]+) / 5',
        (front.parent / "students.html").read_text(),
    )
    assert rows == [("junk", "0"), ("eve", "2"), ("ada", "5")]
    seen = set()
    for page in front.parent.rglob("*.html"):
        for link in re.findall(r'href="([^"#]+)(?:#[^"]*)?"', page.read_text()):
            assert (page.parent / html.unescape(link)).resolve().is_file(), f"{page}: {link}"
            seen.add((page.parent / link).resolve())
    assert set(front.parent.rglob("*.html")) <= seen
    assert course.feedback(tiny.NAME, "eve") in seen


def test_report_names_what_was_not_collected(course: Course, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "ada.ipynb").symlink_to("/etc/passwd")
    collect(course, tmp_path / "in", tiny.NAME)
    assert "symbolic link" in report(course, tiny.NAME).read_text()


def test_every_page_is_escaped_and_runs_no_script_but_ours() -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=y>"
    check = CheckResult(evil, evil, 0, 1, evil)
    parts = [PartResult(evil, 1, [check], evil)]
    verdict = Verdict("a", evil, "none", 0, "x", parts, [], [evil], regraded=[evil])
    score = scored(verdict)
    score.comments = {evil: evil}
    person = Person(verdict, score, evil, "evil")
    found = class_of(person, waiting=[evil], refused=[(evil, evil)])
    code, digest = script("site/tables.js")
    pages = dict(site(found))
    assert len(pages) == 1 + 1 + 1 + 3
    for name, text in pages.items():
        if name.endswith(".html"):
            assert text.replace(f"<script>{code}</script>", "").count("<script") == 0, name
            assert "<img" not in text
            assert f"script-src '{digest}'" in text
            assert re.findall(r"<[^>]*\s(?:src|on\w+)\s*=|url\(|@import|https?://", text) == []
            assert evil in html.unescape(text)
    assert "</script" not in code


@pytest.mark.parametrize("count", [0, 1])
def test_report_of_a_small_class(count: int) -> None:
    people = [Person(verdict := Verdict("a", "s", "none", 0, "x"), scored(verdict), "s", "s")]
    pages = dict(site(class_of(*people[:count])))
    assert f"{count} submissions judged" in pages["index.html"]
    assert ("students/s.html" in pages) == bool(count)


def test_marks_are_the_gradebooks(course: Course, submit: Submit, grade_here: Grade) -> None:
    submit("ada", tiny.RIGHT)
    submit("eve", tiny.WRONG_NORM)
    grade_here()
    with course.open_gradebook() as gradebook:
        gradebook.find_grade("norm-tests", tiny.NAME, tiny.NAME, "eve").manual_score = 2.5
        entry = gradebook.find_submission_notebook(tiny.NAME, tiny.NAME, "eve")
        entry.late_submission_penalty = 0.5
        gradebook.db.commit()
    front = report(course, tiny.NAME)
    text = front.read_text()
    assert "Median 4.5 of 5 points, mean 4.5." in text
    assert "lowest to highest: 0, 0, 0, 0, 0, 0, 0, 0, 1, 1" in text
    page = words((front.parent / "students" / "eve.html").read_text())
    assert "4 of 5 points (tests 2, by hand +2.5, late -0.5)" in page
    assert "Marked by hand: 2.5. The tests gave 0." in page
    assert "Taken off for lateness 0.5 points" in page


def test_lateness_is_told_with_the_due_date() -> None:
    when = {"timestamp": datetime(2026, 11, 20, 15), "due": datetime(2026, 11, 20, 12)}
    pages = dict(site(class_of(someone("ada", score=when | {"late_s": 10_800.0}))))
    assert "Due 2026-11-20 12:00 UTC. 1 late" in words(pages["index.html"])
    assert "1 to 24 hours late" in pages["index.html"]
    said = words(pages["students/ada.html"])
    assert "2026-11-20 15:00 UTC (due 2026-11-20 12:00 UTC), 3 hours late" in said
    assert 'data-is="late"' in pages["students.html"]
    there = class_of(someone("ada", score=when), zone="Europe/Berlin")
    assert "Due 2026-11-20 13:00 CET" in words(dict(site(there))["index.html"])


def test_a_score_that_checks_have_measured_is_shown() -> None:
    person = someone("ada")
    verdict = replace(person.verdict, measured={"score": 0.945})
    pages = dict(site(class_of(Person(verdict, person.score, "ada", "ada"))))
    assert "score 94.5 %" in pages["students.html"]
    assert "score 94.5 %" not in dict(site(class_of(person)))["students.html"]


def test_a_check_names_those_who_failed_it_by_bug() -> None:
    people = [someone(name, {"doubles": f"{place} rows"}) for place, name in enumerate("abc")]
    found = class_of(*people, someone("d", {"doubles": "none at all"}))
    pages = dict(site(found))
    said = words(pages["checks/001.html"])
    assert "0 of 4 passed" in said
    assert "… rows 3 students One was told: 0 rows a b c none at all 1 student d" in said
    assert "bugs.html#bug-1" in pages["index.html"]
    assert 'id="bug-1">… rows' in pages["bugs.html"]


def test_who_has_left_has_no_page_any_more(
    course: Course, submit: Submit, grade_here: Grade, tmp_path: Path
) -> None:
    for student in ("ada", "eve"):
        submit(student, tiny.RIGHT)
    grade_here()
    folder = report(course, tiny.NAME, tmp_path / "out").parent
    course.verdict_path(tiny.NAME, "eve").unlink()
    assert report(course, tiny.NAME, folder) == folder / "index.html"
    assert [path.name for path in (folder / "students").iterdir()] == ["ada.html"]


def test_a_folder_of_other_things_is_left_alone(course: Course, tmp_path: Path) -> None:
    (tmp_path / "students").mkdir()
    mine = tmp_path / "students" / "notes.html"
    mine.write_text("mine")
    with pytest.raises(AutograderError, match="holds files that are no report's"):
        report(course, tiny.NAME, tmp_path)
    with pytest.raises(AutograderError, match="a file is there"):
        report(course, tiny.NAME, mine)
    assert mine.read_text() == "mine"


def test_a_report_without_names(course: Course, submit: Submit, grade_here: Grade) -> None:
    submit("ada_l", tiny.WRONG_NORM)
    grade_here()
    report(course, tiny.NAME)
    front = report(course, tiny.NAME, pseudonyms=True)
    assert front.parent.name == "tiny-pseudonyms"
    for path in front.parent.rglob("*"):
        assert "ada_l" not in path.name
        assert path.is_dir() or "ada_l" not in path.read_text()
    assert "ada_l" in (course.report(tiny.NAME).parent / "students.html").read_text()


def test_a_page_leads_to_all_assignments(course: Course, submit: Submit, grade_here: Grade) -> None:
    submit("ada", tiny.RIGHT)
    submit("eve", tiny.WRONG_NORM)
    grade_here()
    page = report_all(course)
    assert page == course.root / "report" / "index.html"
    assert (page.parent / "tiny" / "index.html").is_file()
    assert 'href="tiny/index.html"' in page.read_text()
    assert "tiny 2 0 70.0 70.0 0 is the Euclidean norm 1 / 2" in words(page.read_text())
