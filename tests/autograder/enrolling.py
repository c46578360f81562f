"""A class with marks, made without a judge: what the gradebook has when grading is done."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from autograder.course.directory import Course, find
from autograder.course.sheet import Sheet
from autograder.steps.enrol import Enrolment, enrol
from autograder.steps.gradebook import GradebookWriter
from autograder.steps.people import write_people
from autograder.verdict import CheckResult, PartResult, Verdict
from tests.autograder import tiny

LIST = """\
Username,First name,Last name,Email address,Section,ID number,Canvas ID,SIS User ID,SIS Login ID
ada,Ada,Lovelace,ada@uni.edu,A,007,4711,s7,ada
bob,Bob,"O'Neil, Jr.",bob@uni.edu,B,008,4712,s8,bob
zoë,Zoë,李雷,zoe@uni.edu,A;B,009,4713,s9,zoe
"""


def enrolled(course: Course, text: str = LIST, assignment: str = "") -> Enrolment:
    """Import a class list, as the command does."""
    done = enrol(course, Sheet(text.encode(), "class.csv"), assignment)
    if done.written:
        write_people(course, done.people, done.written)
    return done


def verdict(student: str, points: float, message: str = "") -> Verdict:
    """A verdict of the miniature's form: ``points`` of 5."""
    first, second = min(points, 2.0), max(points - 2.0, 0.0)
    checks = [CheckResult("doubles", "doubles a matrix", first, 2.0, message)]
    others = [CheckResult("euclidean", "is the norm <of> x", second, 3.0, message)]
    parts = [PartResult("double-tests", 2.0, checks), PartResult("norm-tests", 3.0, others)]
    return Verdict(tiny.NAME, student, "bwrap", 1, "made-up", parts)


def handed_in(course: Course, student: str, when: str = "") -> Path:
    """Put the untouched notebook into the student's place, with the time it came, if any."""
    notebook = tiny.filled(course.notebook("release", tiny.NAME), {})
    path = tiny.write_notebook(course.notebook("submitted", tiny.NAME, student), notebook)
    if when:
        path.with_name("timestamp.txt").write_text(f"{when} UTC")
    return path


def marked(
    course: Course, points: Mapping[str, float], times: Mapping[str, str] | None = None
) -> None:
    """Let these students have handed in and been graded."""
    for student in points:
        if not course.notebook("submitted", tiny.NAME, student).exists() or times:
            handed_in(course, student, (times or {}).get(student, ""))
    with GradebookWriter(course, tiny.NAME) as writer:
        for student, given in points.items():
            writer.record(verdict(student, given), None)


def again(course: Course) -> Course:
    """The course as the next command finds it."""
    return find(course.root)
