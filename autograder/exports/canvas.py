"""Canvas's gradebook as CSV: filled in, or written anew.

Its importer wants Student, ID and Section in the head, the assignment's column called ``Title
(id)``, and a row "Points Possible"; it finds a person by ID, then by the SIS ids, then by name. An
empty cell takes a mark away that Canvas has, so a cell is only touched where there is a mark.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from autograder.course.directory import Course
from autograder.course.sheet import Line, Sheet
from autograder.errors import AutograderError
from autograder.exports.filling import Filled, Wishes, number, read_number, require_same, scaled
from autograder.exports.marks import Finder, Mark, marks, read_cells
from autograder.exports.table import safe
from autograder.steps.people import CANVAS, LOGIN, spelled

HEAD = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
TITLE = re.compile(r"(?P<title>.*?)\s*(?:\([0-9]+\))?")
POINTS = "points possible"
POSTING = re.compile(r"\s*(Muted|Manual Posting.*)?\s*", re.IGNORECASE)


def new_table(course: Course, assignments: Sequence[str], wishes: Wishes) -> Filled:
    """Write a table with a column for each assignment, which Canvas will offer to make anew."""
    rows = {name: {mark.student: mark for mark in marks(course, name)} for name in assignments}
    people = {who: mark.person for of in rows.values() for who, mark in of.items()}
    worth = [max((mark.max_points for mark in of.values()), default=0.0) for of in rows.values()]
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*HEAD, *assignments])
    writer.writerow(["    Points Possible", "", "", "", "", *map(number, worth)])
    filled = Filled(b"")
    for student, person in people.items():
        name = f"{person.last_name}, {person.first_name}" if person.first_name else person.last_name
        ids = [person.ids.get(kind, "") for kind in (CANVAS, "sis_user", LOGIN)]
        given = [_given(of.get(student), wishes) for of in rows.values()]
        filled.marks += sum(mark is not None for mark in given)
        shown = ["" if mark is None else number(mark) for mark in given]
        writer.writerow([safe(name or student), *ids, ", ".join(person.sections), *shown])
        if not any(ids):
            filled.notes.append(f"{student} has no number of Canvas's: it will look for the name")
    filled.data = text.getvalue().encode()
    return filled


def fill(course: Course, assignments: Sequence[str], sheet: Sheet, wishes: Wishes) -> Filled:
    """Fill the instructor's own export in; everything else in it stays as it is."""
    for name in ("Student", "ID", "Section"):
        if sheet.column(name) is None:
            raise AutograderError(
                f"the table has no column {name!r}",
                sheet.name,
                "Give the file that Canvas exports: Grades, Export, Export Entire Gradebook.",
            )
    columns = {name: _column(course, sheet, name, wishes, assignments) for name in assignments}
    points = next((line for line in sheet.lines if POINTS in line[0].casefold()), None)
    people = [line for line in sheet.lines if not _is_about_nobody(line)]
    filled = Filled(b"")
    for name, column in columns.items():
        theirs = read_number(points[column]) if points is not None else None
        _fill_one(sheet, people, name, column, theirs, marks(course, name), wishes, filled)
    filled.data = sheet.bytes()
    return filled


def _fill_one(
    sheet: Sheet,
    people: list[Line],
    name: str,
    column: int,
    theirs: float | None,
    rows: list[Mark],
    wishes: Wishes,
    filled: Filled,
) -> None:
    require_same(max((m.max_points for m in rows), default=0.0), theirs, wishes, sheet.name)
    finder, done = Finder(rows, name), set()
    for line in people:
        mark = finder.find(_says(sheet, line))
        if mark is None:
            filled.left.append(f"line {line.number}, {line[0]}: nobody of this course")
            continue
        if mark.student in done:
            filled.left.append(f"line {line.number}: {mark.student} again")
            continue
        done.add(mark.student)
        given = _given(mark, wishes)
        if given is None:
            why = "is not graded yet" if mark.state == "waiting" else "handed nothing in"
            filled.notes.append(f"{mark.student} {why} ({name}): the cell stays as it is")
            continue
        sheet.fill(line, column, number(scaled(given, mark.max_points, theirs, wishes)))
        filled.add(mark)
    filled.left += [
        f"{mark.student} has a mark in {name}, and no line in the table"
        for mark in rows
        if mark.points is not None and mark.student not in done
    ]


def _says(sheet: Sheet, line: Line) -> dict[str, str]:
    columns = {
        CANVAS: sheet.column("ID"),
        "sis_user": sheet.column("SIS User ID"),
        LOGIN: sheet.column("SIS Login ID"),
    }
    said = read_cells(line, columns)
    last, _, first = line[0].partition(",")
    return said | {"name": f"{first} {last}" if first else last}


def _given(mark: Mark | None, wishes: Wishes) -> float | None:
    return mark.given(wishes.absent) if mark is not None else None


def _column(
    course: Course, sheet: Sheet, assignment: str, wishes: Wishes, all_of: Sequence[str]
) -> int:
    """Return the assignment's column: the one that was named, or the one that is called like it."""
    wanted = wishes.column if wishes.column and len(all_of) == 1 else assignment
    titles = [TITLE.fullmatch(head) for head in sheet.head]
    found = [
        place
        for place, title in enumerate(titles)
        if sheet.head[place] == wanted
        or (title is not None and spelled(title["title"]) == spelled(wanted))
    ]
    if len(found) == 1:
        return found[0]
    known = [head for head in sheet.head if re.search(r"\([0-9]+\)$", head)]
    raise AutograderError(
        f"{'no column' if not found else 'more than one column'} of the table is called {wanted!r}",
        sheet.name,
        f'Say which it is with --column "NAME (ID)": {"; ".join(known[:10]) or "there is none"}.',
    )


def _is_about_nobody(line: Line) -> bool:
    """Tell a row of points, of how marks are posted, or of Canvas's test student."""
    name = line[0].casefold()
    if POINTS in name or name in ("student, test", "test student"):
        return True
    return all(POSTING.fullmatch(cell.value) for cell in line.cells)
