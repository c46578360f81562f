"""Who is in a report, what is said of them, and what pseudonyms take away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec

from autograder.course.directory import Course
from autograder.steps.feedback import feedback
from autograder.steps.manifest import Entry, Manifest, Row, write_manifest
from autograder.steps.people import Person as Listed
from autograder.steps.people import write_people
from autograder.steps.pseudonyms import pseudonym
from autograder.steps.report import site
from autograder.steps.site import people as module
from autograder.steps.site.people import gather
from autograder.verdict import Verdict
from tests.autograder import tiny
from tests.autograder.classes import someone

Submit = Callable[[str, dict[str, str]], Path]
Grade = Callable[..., dict[str, Verdict]]


def test_a_message_that_many_checks_share_is_said_once() -> None:
    eve = someone("eve", {"doubles": "no state", "keeps": "no state", "euclidean": ""})
    assert eve.reasons == ["no state (2 checks)", "title of euclidean: not passed"]
    assert eve.problems == []


def test_one_cause_that_took_all_points_is_a_problem() -> None:
    every = ("doubles", "keeps", "euclidean")
    lost = someone("eve", dict.fromkeys(every, "no state"))
    assert lost.problems == ["one cause took all points: no state (3 checks)"]
    assert lost.reasons == []
    assert someone("eve", dict.fromkeys(every[:2], "no state")).problems == []
    assert someone("eve", dict.fromkeys(every, "no") | {"keeps": "other"}).problems == []


def test_what_is_wrong_with_the_whole_is_not_said_again_as_a_reason() -> None:
    junk = someone("junk", {"doubles": "Empty.", "keeps": "no"}, problems=("Empty.",))
    assert (junk.problems, junk.reasons) == (["Empty."], ["no"])


def test_the_class_is_whoever_has_a_mark(course: Course, submit: Submit, grade_here: Grade) -> None:
    submit("ada", tiny.RIGHT)
    submit("eve", tiny.WRONG)
    grade_here()
    submit("late", tiny.RIGHT)
    feedback(course, tiny.NAME, ["ada"])
    write_manifest(course, tiny.NAME, Manifest({}, [Row("x.pdf", reason="no notebook")]))
    found = gather(course, tiny.NAME)
    assert [(p.name, p.points, p.page) for p in found.people] == [
        ("ada", 5.0, "students/ada.html"),
        ("eve", 0.0, "students/eve.html"),
    ]
    assert [p.feedback for p in found.people] == ["feedback/ada/tiny/tiny.html", ""]
    assert found.waiting == ["late"]
    assert found.refused == [("x.pdf", "no notebook")]
    assert found.max_points == 5


def test_the_roster_says_who_is_missing(course: Course, submit: Submit, grade_here: Grade) -> None:
    submit("ada_l", tiny.RIGHT)
    grade_here()
    people = {
        "ada_l": Listed("ada_l", "Ada", "Lovelace", "ada@example.org", ["B2"]),
        "bob_m": Listed("bob_m", "Bob", "Moore"),
    }
    write_people(course, people, people)
    found = gather(course, tiny.NAME)
    assert (found.missing, found.waiting) == (["bob_m"], [])
    pages = dict(site(found))
    assert "1 on the roster, not handed in:</strong>\nbob_m" in pages["index.html"]
    assert ">not handed in</td>" in pages["students.html"]
    assert "Ada Lovelace, B2" in pages["students/ada_l.html"]
    hidden = " ".join(strings(gather(course, tiny.NAME, pseudonyms=True))).lower()
    for secret in ("ada_l", "bob_m", "lovelace", "moore", "example.org"):
        assert secret not in hidden


def strings(value: Any) -> Iterator[str]:
    """Yield every text in some data, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from strings([*value.keys(), *value.values()])
    elif isinstance(value, (list, tuple, set)):
        for item in value:
            yield from strings(item)
    elif isinstance(value, msgspec.Struct):
        yield from strings(msgspec.structs.asdict(value))
    elif hasattr(value, "__dataclass_fields__"):
        yield from strings([getattr(value, field.name) for field in fields(value)])


def test_with_pseudonyms_nobody_is_named(course: Course, submit: Submit, grade_here: Grade) -> None:
    broken = "def double(x):\n    raise ValueError('ADA_L has it, Ada Lovelace too')"
    submit("ada_l", tiny.RIGHT | {"double": broken})
    grade_here()
    submit("eve_m", tiny.RIGHT)
    entry = Entry("Ada Lovelace", "Ada Lovelace_122.ipynb", "", "moodle", "122", "lms.zip")
    write_manifest(course, tiny.NAME, Manifest({"ada_l": entry}))
    named = gather(course, tiny.NAME)
    assert any("ADA_L" in text for text in strings(named))
    found = gather(course, tiny.NAME, pseudonyms=True)
    alias = pseudonym(course.settings.seed, tiny.NAME, "ada_l")
    assert [person.name for person in found.people] == [alias]
    assert [person.points for person in found.people] == [3.0]
    assert found.waiting == [pseudonym(course.settings.seed, tiny.NAME, "eve_m")]
    told = " ".join(strings(found)).lower()
    assert f"{alias.lower()} has it, {alias.lower()} too" in told
    for secret in ("ada_l", "lovelace", "122", "eve_m"):
        assert secret not in told


def test_two_with_one_pseudonym_are_two(
    course: Course, submit: Submit, grade_here: Grade, monkeypatch: Any
) -> None:
    monkeypatch.setattr(module, "pseudonym", lambda *given: "Quiet Heron 0001")
    for student in ("ada", "eve"):
        submit(student, tiny.RIGHT)
    grade_here()
    people = gather(course, tiny.NAME, pseudonyms=True).people
    assert [person.name for person in people] == ["Quiet Heron 0001", "Quiet Heron 0001 2"]
    assert len({person.page for person in people}) == 2
