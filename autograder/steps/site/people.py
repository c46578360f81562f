"""Everybody in a class report: what the tests gave, what the gradebook has, how they are shown."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import quote

from msgspec.structs import replace

from autograder.course.directory import Course
from autograder.steps.manifest import Entry, read_manifest
from autograder.steps.people import Person as Listed
from autograder.steps.people import missing, read_people
from autograder.steps.pseudonyms import pseudonym
from autograder.steps.scores import Score, read_scores
from autograder.verdict import CheckResult, PartResult, Verdict


@dataclass(frozen=True)
class Person:
    """One student whose mark is in the gradebook, and the verdict it was made from."""

    verdict: Verdict
    score: Score
    name: str  # as shown: the student's id, or a pseudonym
    file: str  # of the student's page, without .html
    feedback: str = ""  # address of the page that the student gets, from the course's folder
    entry: Entry | None = None  # where the submission came from
    listed: Listed | None = None  # what the roster has of them

    @property
    def page(self) -> str:
        """The address of the student's page, from the front page."""
        return f"students/{quote(self.file)}.html"

    @property
    def points(self) -> float:
        return self.score.points

    @cached_property
    def failed(self) -> list[tuple[PartResult, CheckResult]]:
        """Every check that did not pass, in the order of the exercise."""
        return [
            (part, check)
            for part in self.verdict.parts
            for check in part.checks
            if not check.passed
        ]

    @cached_property
    def problems(self) -> list[str]:
        """What is wrong with the submission as a whole.

        One cause that took all points is such a thing, too: then it is not in `reasons`.
        """
        if self.verdict.problems:
            return list(self.verdict.problems)
        if len(self._messages) == 1 < len(self.failed) and not self.verdict.points:
            return [f"one cause took all points: {self._counted[0]}"]
        return []

    @cached_property
    def reasons(self) -> list[str]:
        """What kept points away, each thing once, with the number of checks that it cost."""
        is_one_cause = self.problems and not self.verdict.problems
        return [] if is_one_cause else [r for r in self._counted if r not in self.problems]

    @cached_property
    def _messages(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for _, check in self.failed:
            text = check.message or f"{check.title}: not passed"
            found[text] = found.get(text, 0) + 1
        return found

    @property
    def _counted(self) -> list[str]:
        return [
            f"{text} ({count} checks)" if count > 1 else text
            for text, count in self._messages.items()
        ]

    @property
    def made_of(self) -> str:
        """What else than the tests is in the mark; nothing when there is nothing else."""
        said = []
        by_hand = self.score.before_penalty - self.verdict.points
        if by_hand:
            said.append(f"by hand {by_hand:+.4g}")
        if self.score.penalty:
            said.append(f"late {-self.score.penalty:+.4g}")
        return ", ".join([f"tests {self.verdict.points:.4g}", *said]) if said else ""

    @property
    def measured(self) -> str:
        """The score for a leaderboard, where checks have measured one."""
        found = self.verdict.measured.get("score")
        return "" if found is None else f"score {100 * found:.1f} %"

    @cached_property
    def visible(self) -> dict[str, bool]:
        """Whether each part's visible tests, those of the graded cell itself, ran without error."""
        parts = {part.grade_id for part in self.verdict.parts}
        return {
            cell.cell_id: cell.status == "ok"
            for cell in self.verdict.cells
            if cell.cell_id in parts
        }


@dataclass(frozen=True)
class Class:
    """One assignment's class."""

    assignment: str
    people: list[Person]  # by name as shown
    waiting: list[str]  # whose mark is not in the gradebook yet, as shown
    refused: list[tuple[str, str]]  # files that could not be collected, and why
    missing: list[str] = field(default_factory=list)  # on the roster, and handed nothing in
    has_pseudonyms: bool = False
    zone: str = ""  # where the course's clocks are

    @property
    def verdicts(self) -> list[Verdict]:
        return [person.verdict for person in self.people]

    @property
    def max_points(self) -> float:
        return max((person.score.max_points for person in self.people), default=0.0)


def gather(course: Course, assignment: str, *, pseudonyms: bool = False) -> Class:
    """Return the class of one assignment, from the verdicts and the gradebook.

    With pseudonyms nothing that says who somebody is stays: no ids, no names of files, and where
    a message, a problem or a comment has the id or the name in it, the pseudonym stands there.
    """
    scores = read_scores(course, assignment)
    manifest = read_manifest(course, assignment)
    read = (course.read_verdict(assignment, student) for student in course.graded(assignment))
    judged = [verdict for verdict in read if verdict is not None]
    handed_in = {*course.students(assignment), *(verdict.student for verdict in judged)}
    roster = read_people(course)
    absent = set(missing(course, assignment, roster)) - handed_in
    known = sorted(handed_in | absent)
    shown = {student: student for student in known}
    if pseudonyms:
        shown = _aliases(course.settings.seed, assignment, known)
    people = []
    waiting = set(handed_in)
    for verdict in judged:
        student, score = verdict.student, scores.get(verdict.student)
        if score is None or not score.agrees_with(verdict):
            continue
        waiting.discard(student)
        name, entry = shown[student], manifest.submissions.get(student)
        listed = roster.get(student)
        if pseudonyms:
            told = [listed.name, listed.email, *listed.ids.values()] if listed else []
            hide = _hiding([student, entry.original if entry else "", *told], name)
            file = name.replace(" ", "-").lower()
            people.append(
                Person(_hidden(verdict, name, hide), _veiled(score, name, hide), name, file)
            )
        else:
            page = course.feedback(assignment, student)
            feedback = quote(page.relative_to(course.root).as_posix()) if page.is_file() else ""
            people.append(Person(verdict, score, name, student, feedback, entry, listed))
    return Class(
        assignment,
        sorted(people, key=lambda person: person.name),
        sorted(shown[student] for student in waiting),
        [(row.file, row.reason) for row in manifest.refused],
        sorted(shown[student] for student in absent),
        pseudonyms,
        course.settings.timezone,
    )


def _aliases(secret: str, assignment: str, students: list[str]) -> dict[str, str]:
    """Return a pseudonym for everybody; two who draw the same one are told apart by a number."""
    shown: dict[str, str] = {}
    met: dict[str, int] = {}
    for student in students:
        alias = pseudonym(secret, assignment, student)
        met[alias] = met.get(alias, 0) + 1
        shown[student] = alias if met[alias] == 1 else f"{alias} {met[alias]}"
    return shown


def _hiding(names: list[str], alias: str) -> Callable[[str], str]:
    """Return what puts a pseudonym where a text has one of these names."""
    words = sorted({name.strip() for name in names} - {""}, key=len, reverse=True)
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)", re.IGNORECASE)
    return lambda text: pattern.sub(alias, text)


def _hidden(verdict: Verdict, alias: str, hide: Callable[[str], str]) -> Verdict:
    parts = []
    for part in verdict.parts:
        checks = [
            replace(
                check,
                message=hide(check.message),
                examined=hide(check.examined),
                came_back=hide(check.came_back),
            )
            for check in part.checks
        ]
        parts.append(replace(part, checks=checks))
    cells = [replace(cell, stdout="", error=hide(cell.error)) for cell in verdict.cells]
    problems = [hide(problem) for problem in verdict.problems]
    return replace(verdict, student=alias, parts=parts, problems=problems, cells=cells)


def _veiled(score: Score, alias: str, hide: Callable[[str], str]) -> Score:
    comments = {name: hide(text) for name, text in score.comments.items()}
    return dataclasses.replace(score, student=alias, comments=comments)
