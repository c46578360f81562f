"""One check judged again for the class: everything else stays, and the verdict says so."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder import cli
from autograder.course.directory import Course
from autograder.course.fingerprint import FAILED, Fingerprints
from autograder.errors import AutograderError, CheckFailure
from autograder.judge.worker import Job
from autograder.steps.grade import Options, grade
from autograder.steps.report import report
from autograder.steps.verify import verify
from autograder.suite.suite import Suite, load_suite
from autograder.verdict import CheckResult, Verdict
from tests.autograder import tiny
from tests.autograder.conftest import AtOnce, judge_here

Submit = Callable[[str, dict[str, str]], Path]
Grade = Callable[..., dict[str, Verdict]]


def never(*_: object) -> None:
    raise CheckFailure("this check was not to run")


def checks_of(verdict: Verdict) -> dict[str, CheckResult]:
    return {check.name: check for part in verdict.parts for check in part.checks}


@pytest.fixture
def mend(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Suite]]:
    """Mend the check `euclidean` so that everything passes it; no other check may run then."""
    path = project / "hidden" / "tiny.py"
    before = path.read_text()

    def mended() -> Suite:
        path.write_text(before.replace("atol=1e-6)", "atol=100.0)"))
        suite = load_suite("tiny")
        changed = {
            name: dataclasses.replace(check, function=never)
            for name, check in suite._checks.items()
        }
        passing = lambda student, rng: None  # noqa: E731
        changed["euclidean"] = dataclasses.replace(changed["euclidean"], function=passing)
        monkeypatch.setattr(suite, "_checks", changed)
        return suite

    yield mended
    path.write_text(before)


def holds(course: Course, student: str) -> bool:
    data = course.notebook("submitted", tiny.NAME, student).read_bytes()
    return Fingerprints(course, tiny.NAME).holds(course.read_verdict(tiny.NAME, student), data)


def test_one_check_is_judged_again_and_the_rest_is_kept(
    course: Course, submit: Submit, grade_here: Grade, mend: Callable[[], Suite]
) -> None:
    submit("ada", tiny.RIGHT)
    submit("eve", tiny.WRONG_NORM)
    submit("bob", tiny.WRONG | {"double": "print('mine')"})
    before = grade_here()
    assert {name: verdict.points for name, verdict in before.items()} == {
        "ada": 5.0,
        "eve": 2.0,
        "bob": 0.0,
    }
    mend()
    assert not holds(course, "eve")
    after = grade_here(only=("euclidean",))
    assert {name: verdict.points for name, verdict in after.items()} == {
        "ada": 5.0,
        "eve": 5.0,
        "bob": 3.0,
    }
    for name, verdict in after.items():
        was, now = checks_of(before[name]), checks_of(verdict)
        assert {check: was[check] for check in was if check != "euclidean"} == {
            check: now[check] for check in now if check != "euclidean"
        }
        assert verdict.cells == before[name].cells
        assert verdict.regraded == ["euclidean"]
        assert holds(course, name)
        assert verdict == course.read_verdict(tiny.NAME, name)
    assert verify(course).findings == []
    assert "after the other checks: euclidean." in report(course, tiny.NAME).read_text()
    assert grade_here() == after  # which would now fail if anything were judged again


def test_judging_everything_again_forgets_it(
    course: Course, submit: Submit, grade_here: Grade
) -> None:
    submit("ada", tiny.RIGHT)
    grade_here()
    assert grade_here(only=("doubles",))["ada"].regraded == ["doubles"]
    assert grade_here(only=("euclidean",))["ada"].regraded == ["doubles", "euclidean"]
    assert grade_here(regrade=True)["ada"].regraded == []


def test_other_work_is_judged_in_full(
    course: Course, submit: Submit, grade_here: Grade, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit("ada", tiny.WRONG)
    submit("eve", tiny.WRONG)
    grade_here()
    submit("ada", tiny.RIGHT)
    submit("new", tiny.RIGHT)
    events = grade(
        course,
        tiny.NAME,
        (),
        Options(jobs=1, only=("euclidean",)),
        work=judge_here,
        make_executor=AtOnce,
    )
    found = {event.student: (event.verdict.points, event.note != "") for event in events}
    assert found == {"ada": (5.0, True), "eve": (0.0, False), "new": (5.0, True)}


def test_unknown_checks_are_answered_with_the_names(
    course: Course, submit: Submit, capsys: pytest.CaptureFixture[str]
) -> None:
    submit("ada", tiny.RIGHT)
    assert cli.run(["grade", "--only", "euclid", "--course", str(course.root)]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "no check called 'euclid'" in said
    assert "doubles, leaves_alone, euclidean" in said


def test_a_check_that_changed_its_worth_must_be_named(
    course: Course, submit: Submit, grade_here: Grade, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit("ada", tiny.RIGHT)
    grade_here()
    suite = load_suite("tiny")
    first = dataclasses.replace(suite._checks["doubles"], points=0.5)
    second = dataclasses.replace(suite._checks["leaves_alone"], points=1.5)
    changed = suite._checks | {"doubles": first, "leaves_alone": second}
    monkeypatch.setattr(suite, "_checks", changed)
    with pytest.raises(AutograderError, match="'leaves_alone' is not what it was") as caught:
        grade_here(only=("doubles",))
    assert "--only leaves_alone" in caught.value.todo
    both = grade_here(only=("doubles", "leaves_alone"))["ada"]
    assert [check.points for check in checks_of(both).values()] == [0.5, 1.5, 3.0]


def test_a_check_that_ends_the_grader_costs_no_other(
    course: Course, submit: Submit, grade_here: Grade
) -> None:
    submit("ada", tiny.RIGHT)
    grade_here()

    def work(job: Job) -> bytes:
        if job.only and b"x + x" in job.submission:
            raise RuntimeError("the worker is gone")
        return judge_here(job)

    (event,) = grade(
        course,
        tiny.NAME,
        (),
        Options(jobs=1, only=("euclidean",)),
        work=work,
        make_executor=AtOnce,
    )
    assert (event.verdict.points, event.verdict.fingerprint) == (2.0, FAILED)
    assert "twice" in event.verdict.problems[0]
    assert grade_here()["ada"].points == 5.0
