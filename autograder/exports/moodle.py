"""Moodle's offline grading worksheet, filled in: marks and what to say, nothing else.

Moodle finds a person by the Identifier ("Participant 123"), leaves out a mark that is empty or
above the maximum without a word, and refuses one that was changed in Moodle since the worksheet was
made. So marks are cut to the maximum, and the rest of the file stays byte for byte.
"""

from __future__ import annotations

import re
from html import escape

from autograder.course.directory import Course
from autograder.course.sheet import Line, Sheet
from autograder.errors import AutograderError
from autograder.exports.filling import Filled, Wishes, number, read_number, require_same, scaled
from autograder.exports.marks import Finder, Mark, marks, read_cells
from autograder.steps.people import MOODLE, NUMBER

OURS = "<p>Tests: "  # how a comment of ours begins, and nobody else's
IDENTIFIER = re.compile(r"\D*([0-9]{1,20})")


def fill(course: Course, assignment: str, sheet: Sheet, wishes: Wishes) -> Filled:
    """Fill a worksheet in."""
    identifier, grade = sheet.column("Identifier"), sheet.column("Grade")
    if identifier is None or grade is None:
        raise AutograderError(
            "the table has no columns 'Identifier' and 'Grade'",
            sheet.name,
            "Give the file that Moodle makes, in English: the assignment, View all submissions, "
            "Download grading worksheet. (Allow it first: Settings, Feedback types, Offline "
            "grading worksheet.)",
        )
    rows = marks(course, assignment)
    columns = {
        "email": sheet.column("Email address"),
        NUMBER: sheet.column("ID number"),
        "username": sheet.column("Username"),
        "name": sheet.column("Full name"),
    }
    finder, done = Finder(rows, assignment), set()
    filled = Filled(b"")
    for line in sheet.lines:
        participant = IDENTIFIER.fullmatch(line[identifier])
        said = {MOODLE + assignment: participant[1] if participant else ""}
        mark = finder.find(said | read_cells(line, columns))
        if mark is None:
            who = line[identifier] or f"line {line.number}"
            filled.left.append(f"{who}: nobody of this course")
            continue
        if mark.student in done:
            filled.left.append(f"line {line.number}: {mark.student} again")
            continue
        done.add(mark.student)
        _fill_line(sheet, line, grade, mark, wishes, filled)
    filled.left += [
        f"{mark.student} has a mark, and no line in the worksheet"
        for mark in rows
        if mark.points is not None and mark.student not in done
    ]
    filled.data = sheet.bytes()
    return filled


def _fill_line(
    sheet: Sheet, line: Line, grade: int, mark: Mark, wishes: Wishes, filled: Filled
) -> None:
    given = mark.given(wishes.absent)
    if given is None:
        why = "is not graded yet" if mark.state == "waiting" else "handed nothing in"
        filled.notes.append(f"{mark.student} {why}: the cell stays as it is")
        return
    changeable = sheet.column("Grade can be changed")
    if changeable is not None and line[changeable].casefold() == "no":
        filled.left.append(f"{mark.student}: Moodle says that the mark cannot be changed")
        return
    highest = sheet.column("Maximum grade")
    theirs = read_number(line[highest]) if highest is not None else None
    require_same(mark.max_points, theirs, wishes, f"{sheet.name}, line {line.number}")
    points = scaled(given, mark.max_points, theirs, wishes)
    if theirs is not None and points > theirs:
        filled.notes.append(
            f"{mark.student} has {number(points)} of {number(theirs)}: Moodle takes no mark above "
            "the maximum, so that is what the worksheet says"
        )
        points = theirs
    sheet.fill(line, grade, number(points))
    filled.add(mark)
    comments = sheet.column("Feedback comments")
    if comments is None or mark.verdict is None:
        return
    if line[comments] and not line[comments].startswith(OURS):
        filled.notes.append(f"{mark.student} has a comment in Moodle already: it stays")
        return
    sheet.fill(line, comments, comment(mark))


def comment(mark: Mark) -> str:
    """Return what a student reads in Moodle: the HTML that it takes, on one line.

    Every text is escaped; checks and their messages are all it says.
    """
    assert mark.verdict is not None
    verdict = mark.verdict
    checks = [check for part in verdict.parts for check in part.checks]
    passed = sum(check.passed for check in checks)
    said = [f"{OURS}{passed} of {len(checks)} passed, {verdict.points:g} points."]
    if mark.score is not None and mark.score.before_penalty != verdict.points:
        said.append(f"With what was marked by hand: {mark.score.before_penalty:g}.")
    if mark.score is not None and mark.score.penalty:
        said.append(f"Handing in late took off {mark.score.penalty:g}.")
    said += [_line(problem) for problem in verdict.problems]
    failed = [f"<li>{_line(c.title)}</li>" for c in checks if not c.passed]
    text = " ".join(said) + "</p>"
    return text + (f"<p>Not yet:</p><ul>{''.join(failed)}</ul>" if failed else "")


def _line(text: str) -> str:
    return escape(" ".join(text.split()))
