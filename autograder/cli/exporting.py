"""Marks on their way out."""

from __future__ import annotations

import io
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from autograder import console
from autograder.cli.options import AssignmentArgument, CourseOption, new_file

if TYPE_CHECKING:
    from autograder.course.directory import Course
    from autograder.exports.filling import Filled, Wishes


class Format(StrEnum):
    """Who is to read it."""

    csv = "csv"
    json = "json"
    nbgrader = "nbgrader"
    canvas = "canvas"
    moodle = "moodle"
    gradescope = "gradescope"


class Missing(StrEnum):
    """What a platform is told of work that was never handed in."""

    empty = "empty"
    zero = "zero"


FILLED = (Format.canvas, Format.moodle)


def export(
    assignment: AssignmentArgument = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            callback=new_file,
            help="Write to this file. Default: standard output.",
        ),
    ] = None,
    to: Annotated[Format, typer.Option("--format", "-f", help="Who is to read it.")] = Format.csv,
    into: Annotated[
        Path | None,
        typer.Option(
            help="Canvas: your gradebook export, Moodle: the grading worksheet, to be filled in. "
            "The file itself stays as it is; the filled one goes to --output."
        ),
    ] = None,
    missing: Annotated[
        Missing, typer.Option(help="What Canvas and Moodle are told of work never handed in.")
    ] = Missing.empty,
    scale: Annotated[
        bool,
        typer.Option("--scale", help="Convert marks where Canvas or Moodle counts other points."),
    ] = False,
    column: Annotated[
        str, typer.Option(help="The column of the assignment in Canvas's table, as in its head.")
    ] = "",
    checks: Annotated[bool, typer.Option("--checks", help="csv: one row per check.")] = False,
    totals: Annotated[
        bool,
        typer.Option("--totals", help="csv: one row per student, with the mark of the course."),
    ] = False,
    course: CourseOption = None,
) -> None:
    """Write the marks: for a spreadsheet, your LMS, nbgrader's tools, or a program.

    The marks are the gradebook's (manual grades and late penalty included). Everybody is there:
    who is on the roster and has handed nothing in has no mark and the state "missing".

    [bold]csv[/bold]: one row per student and assignment, with the number your LMS knows the person
    by (Moodle: the participant's in this assignment); --checks has one row per check, --totals one
    per student, with the points of every assignment and the mark of the course in percent, each
    assignment by the weight in its terms. What was not handed in counts as nothing.

    [bold]canvas[/bold], [bold]moodle[/bold]: the table that its importer wants; give your own with
    --into and only the marks are filled in. [bold]nbgrader[/bold]: the table of nbgrader export.
    [bold]json[/bold]: everything, down to each check. [bold]gradescope[/bold]: a zip with a
    results.json for each submission.

    Examples:
    [bold]autograder export -o marks.csv[/bold]
    [bold]autograder export 01-rnn-limits -f canvas --into grades.csv -o upload.csv[/bold]
    [bold]autograder export 01-rnn-limits -f moodle --into worksheet.csv -o upload.csv[/bold]

    Exit codes: 0 everything is in it; 1 some mark or some line of the table is left over.
    """
    from autograder.course.directory import find
    from autograder.exports.filling import Wishes

    home = find(course)
    if assignment is not None:
        home.require_released(assignment)
    names = [assignment] if assignment else home.released()
    _require_fitting(to, into, names, checks=checks, totals=totals)
    absent = 0.0 if missing is Missing.zero else None
    if to in FILLED:
        filled = _fill(home, to, names, into, Wishes(absent, scale, column))
        _write(filled.data, output, f"{filled.marks} marks")
        _tell(filled)
        raise typer.Exit(1 if filled.left else 0)
    data, said = _written(home, to, names, checks=checks, totals=totals)
    _write(data, output, said)


def gradescope(
    assignment: AssignmentArgument = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            callback=new_file,
            help="The file. Default: ASSIGNMENT-gradescope.zip.",
        ),
    ] = None,
    index: Annotated[
        str,
        typer.Option(
            "--extra-index-url",
            metavar="URL",
            help="A package index that pip looks into as well, such as PyTorch's for CPU builds.",
        ),
    ] = "",
    course: CourseOption = None,
) -> None:
    """Write an autograder zip for Gradescope: the judge with this assignment's hidden tests.

    Upload it under Configure Autograder of a programming assignment. Gradescope runs it for each
    submission, in a container where student code runs as well: in bubblewrap where the container
    allows it, or else as another user, to whom the hidden tests and the results are closed. The
    zip holds no solution, and nothing of students or of other assignments; it holds hidden tests,
    so do not hand it out. docs/lms.md says what this protects from, and what not.

    Example: [bold]autograder gradescope 01-rnn-limits -o rnn.zip[/bold]
    """
    from autograder.cli.options import assignment_of
    from autograder.course.directory import find
    from autograder.course.files import write_atomically
    from autograder.exports.gradescope import bundle

    home = find(course)
    name = assignment_of(home, assignment)
    path = output or Path(f"{name}-gradescope.zip")
    write_atomically(path, bundle(home, name, index))
    console.say(f"{escape(name)}: {escape(str(path))}")


def _require_fitting(
    to: Format, into: Path | None, names: list[str], *, checks: bool, totals: bool
) -> None:
    """Refuse options that do not go together."""
    if checks and totals:
        raise typer.BadParameter("--checks and --totals are two different tables: name one.")
    if (checks or totals) and to is not Format.csv:
        raise typer.BadParameter("--checks and --totals are tables of --format csv.")
    if into is not None and to not in FILLED:
        raise typer.BadParameter("--into is for --format canvas and --format moodle.")
    if to is Format.moodle and into is None:
        raise typer.BadParameter("Moodle takes its own worksheet only: give it with --into.")
    if to is Format.moodle and len(names) != 1:
        raise typer.BadParameter("a worksheet is of one assignment: name it.")


def _fill(home: Course, to: Format, names: list[str], into: Path | None, wishes: Wishes) -> Filled:
    from autograder.course.sheet import Sheet
    from autograder.exports import canvas, moodle

    if into is None:
        return canvas.new_table(home, names, wishes)
    sheet = Sheet.read(into)
    if to is Format.moodle:
        return moodle.fill(home, names[0], sheet, wishes)
    return canvas.fill(home, names, sheet, wishes)


def _written(
    home: Course, to: Format, names: list[str], *, checks: bool, totals: bool
) -> tuple[bytes, str]:
    from autograder.exports import table as tables

    if to is Format.json:
        from autograder.exports.document import document

        return document(home, names), f"{len(names)} assignments"
    if to is Format.nbgrader:
        from autograder.exports.nbgrader_csv import table

        data, count = table(home, names)
        return data, f"{count} rows"
    if to is Format.gradescope:
        from autograder.exports.gradescope import archive

        data, count = archive(home, names)
        return data, f"{count} submissions"
    text = io.StringIO(newline="")
    if totals:
        count = tables.export_totals(home, names, text)
    else:
        count = tables.export(home, names, text, checks=checks)
    return text.getvalue().encode(), f"{count} rows"


def _write(data: bytes, output: Path | None, said: str) -> None:
    from autograder.course.files import write_atomically

    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        return
    write_atomically(output, data)
    console.say(f"{said} in {escape(str(output))}")


def _tell(filled: Filled) -> None:
    """Say on the terminal, beside the table, what the table does not say."""
    for note in filled.notes:
        console.note(note)
    for left in filled.left:
        console.note(f"left over: {left}")
