"""The leaderboard: who is on it, in which order, under which name, and what it gives away."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from autograder.course.directory import Course
from autograder.course.files import write_atomically
from autograder.errors import AutograderError
from autograder.steps.feedback import feedback
from autograder.steps.leaderboard import Entry, leaderboard, page, placed, read_names
from autograder.steps.pseudonyms import pseudonym
from autograder.verdict import Verdict, encode
from tests.autograder import tiny

Submit = Callable[[str, dict[str, str]], Path]
Grade = Callable[..., dict[str, Verdict]]


def measured(score: float, **more: float) -> dict[str, float]:
    return {"score": score, "score_error": 0.006, "parameters": 5286.0, "seconds": 4.5} | more


@pytest.fixture
def scored(course: Course, submit: Submit, grade_here: Grade) -> Course:
    """A course in which checks have measured something."""
    for student in ("ada", "eve", "late"):
        submit(student, tiny.RIGHT)
    verdicts = grade_here()
    for student, found in {
        "ada": measured(0.95),
        "eve": measured(0.97),
        "late": measured(0.99, within_budget=0.0),
    }.items():
        verdict = msgspec.structs.replace(verdicts[student], measured=found)
        write_atomically(course.verdict_path(tiny.NAME, student), encode(verdict))
    return course


def names_on(text: str) -> list[str]:
    return re.findall(r'<th scope="row" class="who">([^<]+)</th>', text)


def test_the_page_has_pseudonyms_in_the_order_of_scores(scored: Course) -> None:
    text = leaderboard(scored, tiny.NAME).read_text()
    seed = scored.settings.seed
    assert names_on(text) == [pseudonym(seed, tiny.NAME, student) for student in ("eve", "ada")]
    for student in ("ada", "eve", "late"):
        assert student not in re.sub(r"<[^>]+>|related|latest", "", text).split()
    assert seed not in text
    assert "97.0" in text
    assert "± 0.6" in text
    assert "5,286" in text
    assert "1 more is over a budget" in text


def test_only_who_has_agreed_is_named(scored: Course, tmp_path: Path) -> None:
    agreed = tmp_path / "agreed.txt"
    agreed.write_text("# agreed in writing\n\neve, Eve <Adams>\nnobody\n", encoding="utf-8")
    text = leaderboard(scored, tiny.NAME, names=agreed).read_text()
    alias = pseudonym(scored.settings.seed, tiny.NAME, "ada")
    assert names_on(text) == ["Eve &lt;Adams&gt;", alias]


def test_students_find_their_pseudonym_in_their_feedback(scored: Course) -> None:
    (written,) = feedback(scored, tiny.NAME, ["ada"])
    assert pseudonym(scored.settings.seed, tiny.NAME, "ada") in written.path.read_text()


def test_what_is_not_in_the_gradebook_is_not_on_the_page(scored: Course) -> None:
    with scored.open_gradebook() as gradebook:
        gradebook.find_grade("norm-tests", tiny.NAME, tiny.NAME, "eve").auto_score = 0.0
        gradebook.db.commit()
    text = leaderboard(scored, tiny.NAME).read_text()
    assert names_on(text) == [pseudonym(scored.settings.seed, tiny.NAME, "ada")]


def test_an_assignment_without_scores_has_no_leaderboard(
    course: Course, submit: Submit, grade_here: Grade
) -> None:
    submit("ada", tiny.RIGHT)
    grade_here()
    with pytest.raises(AutograderError, match="no submission of 'tiny' has a score"):
        leaderboard(course, tiny.NAME)
    assert "leaderboard" not in feedback(course, tiny.NAME)[0].path.read_text()


def test_equal_scores_share_a_place_and_fewer_weights_stand_first() -> None:
    entries = [
        Entry("b", measured(0.9, parameters=6000.0)),
        Entry("a", measured(0.9, parameters=3000.0)),
        Entry("c", measured(0.8)),
        Entry("d", measured(0.95)),
    ]
    found = [(entry.place, entry.name) for entry in placed(entries)]
    assert found == [(1, "d"), (2, "a"), (2, "b"), (4, "c")]


def test_the_page_is_escaped_and_loads_nothing() -> None:
    evil = "<script>alert(1)</script>"
    text = page(evil, [Entry(evil, {"score": 1.7})])
    assert "<script" not in text
    assert not re.search(r"""(src|href)\s*=|url\(|@import|https?://""", text)
    assert "width: 100.0%" in text  # a bar ends where its track ends


def test_references_stand_among_the_entries_in_grey_and_have_no_place() -> None:
    ours = {"reference_weak": 0.2, "reference_strong": 0.96}
    entries = [Entry("a", measured(0.98, **ours)), Entry("b", measured(0.9, **ours))]
    text = page("capstone", entries)
    assert names_on(text) == ["a", "our strong entry", "b", "our weak entry"]
    places = re.findall(r'<tr( class="soft")?><td class="number">([^<]+)</td>', text)
    grey = ' class="soft"'
    assert places == [("", "1"), (grey, "–"), ("", "2"), (grey, "–")]
    assert "2 entries" in text


def test_bars_begin_at_the_weakest_reference() -> None:
    """Or the bars of entries that differ by a few percent would look alike."""
    width = re.compile(r'style="width: ([\d.]+)%')
    text = page("capstone", [Entry("a", measured(0.9, reference_weak=0.2))])
    assert width.findall(text) == ["87.5", "0.0"]
    assert "bars begin at 20.0 %" in text
    assert width.findall(page("other", [Entry("a", measured(0.9))])) == ["90.0"]


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"ada\n" * 300_000])
def test_a_list_that_is_none_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "names"
    path.write_bytes(data)
    with pytest.raises(AutograderError, match="names"):
        read_names(path)
