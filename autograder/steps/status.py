"""Where a course stands and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from autograder.course.directory import Course
from autograder.course.fingerprint import Fingerprints
from autograder.notebooks.read import read_bytes
from autograder.steps.late import LateRule
from autograder.steps.manifest import read_manifest
from autograder.steps.people import Person, missing, read_people
from autograder.steps.release import exercises, is_current
from autograder.steps.scores import read_scores


@dataclass(frozen=True)
class Status:
    """How far one assignment has come; counts are submissions."""

    assignment: str
    released: str  # "no", "yes", or "stale": the exercise or its hidden tests have changed
    collected: int
    graded: int  # with a verdict that holds
    stale: int  # with a verdict that was made from something else
    feedback: int  # with a feedback page at least as new as the verdict
    missing: int  # of the roster, who have not handed in
    late: int  # handed in after the date that holds for them, or so the platform says
    penalties: int  # with a penalty for being late that today's due date and rule do not give
    next_step: str


def status(course: Course) -> list[Status]:
    """Return the state of every released assignment, and then of every other exercise."""
    released = set(course.released())
    names = [*sorted(released), *sorted({*exercises(course)} - released)]
    people = read_people(course)
    return [_of(course, name, people) for name in names]


def _of(course: Course, name: str, people: Mapping[str, Person]) -> Status:
    if name not in course.released():
        step = f"autograder release {name}"
        if name in course.own():
            step = f"autograder try {name}, then: {step}"
        return Status(name, "no", 0, 0, 0, 0, 0, 0, 0, step)
    is_fresh = not course.exercise(name).is_file() or is_current(course, name)
    fingerprints = Fingerprints(course, name)
    students = course.students(name)
    graded = stale = with_feedback = 0
    for student in students:
        verdict = course.read_verdict(name, student)
        data = read_bytes(course.notebook("submitted", name, student))
        if fingerprints.holds(verdict, data):
            graded += 1
            with_feedback += _has_feedback(course, name, student)
        elif verdict is not None:
            stale += 1
    known = read_scores(course, name) if students else {}
    rule = LateRule(course, name)
    penalties = sum(rule.is_out_of_date(score) for score in known.values())
    late = {student for student, score in known.items() if score.late_s > 0}
    submissions = read_manifest(course, name).submissions
    late |= {student for student, entry in submissions.items() if entry.is_late}
    if not is_fresh:
        step = f"autograder release {name}"
    elif not students:
        step = f"hand out release/{name}, then: autograder collect SOURCE --assignment {name}"
    elif graded < len(students) or penalties:
        step = f"autograder grade {name}"
    elif waiting := sum(score.needs_manual_grade for score in read_scores(course, name).values()):
        step = f"mark {waiting} by hand in formgrader, then: autograder feedback {name}"
    elif with_feedback < graded:
        step = f"autograder feedback {name}"
    elif not _has_report(course, name):
        step = f"autograder report {name}; autograder export {name}"
    else:
        step = f"nothing new since the report; marks: autograder export {name}"
    released = "yes" if is_fresh else "stale"
    absent = len(missing(course, name, people))
    counts = (len(students), graded, stale, with_feedback, absent, len(late), penalties)
    return Status(name, released, *counts, step)


def _has_feedback(course: Course, assignment: str, student: str) -> bool:
    page = course.feedback(assignment, student)
    verdict = course.verdict_path(assignment, student)
    return page.exists() and page.stat().st_mtime >= verdict.stat().st_mtime


def _has_report(course: Course, name: str) -> bool:
    """Tell whether there is a class report that is at least as new as every verdict."""
    page = course.report(name)
    verdicts = [course.verdict_path(name, student) for student in course.graded(name)]
    return page.exists() and all(page.stat().st_mtime >= path.stat().st_mtime for path in verdicts)
