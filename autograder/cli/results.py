"""What goes out again: pages for students, marks for the LMS, the class at a glance."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from autograder import console
from autograder.cli.options import (
    AssignmentArgument,
    CourseOption,
    StudentOption,
    assignment_of,
    new_file,
)


def feedback(
    assignment: AssignmentArgument = None,
    student: StudentOption = None,
    course: CourseOption = None,
) -> None:
    """Write the page each student gets back (feedback/STUDENT/ASSIGNMENT/ASSIGNMENT.html).

    The page shows the gradebook's mark (with what was given by hand, extra credit, comments and
    the penalty for handing in late), what each check examined, its points and its message, and
    the student's own cells with what they printed. It never shows a hidden test. It needs no
    other file.

    Example: [bold]autograder feedback 01-rnn-limits[/bold]

    Exit codes: 0 done; 1 the pages are written, but a due date or the rule for late work has
    changed since grading: grade again, then write them again; 2 nothing could be written.
    """
    from autograder.course.directory import find
    from autograder.course.lock import writing
    from autograder.steps.feedback import feedback as write_pages

    home = find(course)
    name = assignment_of(home, assignment)
    with writing(home):
        pages = write_pages(home, name, student or ())
    console.say(f"{len(pages)} pages in {escape(str(home.root / 'feedback'))}")
    outdated = [page for page in pages if page.note]
    for page in outdated:
        console.say(f"[yellow]Note:[/yellow] {escape(page.student)}: {escape(page.note)}")
    if outdated:
        console.say(f"Next: autograder grade {name}, then autograder feedback {name} again")
        raise typer.Exit(1)


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
    checks: Annotated[bool, typer.Option("--checks", help="One row per check.")] = False,
    totals: Annotated[
        bool, typer.Option("--totals", help="One row per student, with the mark of the course.")
    ] = False,
    course: CourseOption = None,
) -> None:
    """Write the marks as CSV.

    One row per submission with the gradebook's score (manual grades and late penalty
    included) and the number your LMS knows the person by (Moodle: the participant's in this
    assignment); with --checks one row per check. Without ASSIGNMENT: all assignments.

    With --totals one row per student: the points of every assignment, and the mark of the course
    in percent, each assignment by the weight that its terms give it (EXERCISE.toml beside the
    exercise). What was not handed in counts as nothing.

    Example: [bold]autograder export -o marks.csv[/bold]
    """
    from autograder.course.directory import find
    from autograder.course.files import write_atomically
    from autograder.steps import export as tables

    if checks and totals:
        raise typer.BadParameter("--checks and --totals are two different tables: name one.")

    home = find(course)
    if assignment is not None:
        home.require_released(assignment)
    names = [assignment] if assignment else home.released()
    text = io.StringIO(newline="")
    if totals:
        count = tables.export_totals(home, names, text)
    else:
        count = tables.export(home, names, text, checks=checks)
    if output is None:
        sys.stdout.write(text.getvalue())
        return
    write_atomically(output, text.getvalue().encode())
    console.say(f"{count} rows in {escape(str(output))}")


def report(
    assignment: AssignmentArgument = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            callback=new_file,
            help="Write to this file. Default: report/ASSIGNMENT.html.",
        ),
    ] = None,
    course: CourseOption = None,
) -> None:
    """Write the class report: distribution of marks, pass rate per check, who has a problem.

    Example: [bold]autograder report 01-rnn-limits[/bold]
    """
    from autograder.course.directory import find
    from autograder.steps.report import report as write_report

    home = find(course)
    path = write_report(home, assignment_of(home, assignment), output)
    console.say(f"Report: {escape(str(path))}")


def leaderboard(
    assignment: AssignmentArgument = None,
    names: Annotated[
        Path | None,
        typer.Option(
            "--names",
            exists=True,
            dir_okay=False,
            help="A text file of those who have agreed to be named: STUDENT, or STUDENT, NAME.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            callback=new_file,
            help="Write to this file. Default: leaderboard/ASSIGNMENT.html.",
        ),
    ] = None,
    course: CourseOption = None,
) -> None:
    """Write the leaderboard of an assignment that measures a score (the capstone).

    The page shows place, score with its standard error, weights and seconds. Everybody is on it
    under a pseudonym, the same every time, that nobody can undo without the course's secret; each
    student finds their own on their feedback page. It needs no other file and may be published.

    Example: [bold]autograder leaderboard 08-capstone --names agreed.txt[/bold]
    """
    from autograder.course.directory import find
    from autograder.steps.leaderboard import leaderboard as write_leaderboard

    home = find(course)
    path = write_leaderboard(home, assignment_of(home, assignment), output, names)
    console.say(f"Leaderboard: {escape(str(path))}")


def verify(assignment: AssignmentArgument = None, course: CourseOption = None) -> None:
    """Compare all that a course holds: does everything say the same?

    Reads what was collected, the submissions, verdicts, autograded notebooks and the gradebook,
    and names whatever does not fit: a verdict on another submission, points in the gradebook
    that the tests did not give, a half-written file. Changes nothing. Without ASSIGNMENT: all.

    Example: [bold]autograder verify[/bold]

    Exit codes: 0 everything agrees; 1 something does not; 2 the gradebook cannot be read.
    """
    from autograder.course.directory import find
    from autograder.steps.verify import verify as compare

    home = find(course)
    done = compare(home, [assignment] if assignment else ())
    if done.writer is not None:
        console.say(f"[yellow]Note:[/yellow] {escape(str(done.writer))} is writing this course now")
    if done.findings:
        rows = [(found.about, found.what, found.todo) for found in done.findings]
        console.table("What does not fit", ("about", "what", "what to do"), rows)
    waiting = f", {done.waiting} not graded yet" if done.waiting else ""
    console.say(
        f"{done.submissions} submissions, {done.verdicts} verdicts{waiting}: "
        f"{len(done.findings) or 'no'} findings"
    )
    raise typer.Exit(1 if done.findings else 0)
