"""What comes in: students' files into the course."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder import console
from autograder.cli.options import CourseOption, assignment_of


def collect(
    source: Annotated[Path, typer.Argument(help="A folder, a zip from your LMS, or a notebook.")],
    assignment: Annotated[
        str | None,
        typer.Option("--assignment", "-a", help="The assignment. Default: the only one released."),
    ] = None,
    pattern: Annotated[
        str | None,
        typer.Option(
            help="Regular expression with a group (?P<student>...), matched against the path "
            "inside SOURCE. Default: the names Moodle, Canvas, nbgrader and people use."
        ),
    ] = None,
    course: CourseOption = None,
) -> None:
    """Bring submissions into the course (submitted/STUDENT/ASSIGNMENT/).

    Of several notebooks by one student the latest counts. Nothing is left out silently: every
    file that is not collected is listed with the reason. Notebooks that cannot be read are
    collected too; they are graded with a zero and a reason.

    Examples:
    [bold]autograder collect inbox -a 01-rnn-limits[/bold]
    [bold]autograder collect moodle.zip[/bold]
    [bold]autograder collect inbox --pattern 'hw1-(?P<student>.+)[.]ipynb'[/bold]

    Exit codes: 0 every notebook was collected; 1 some file was not, or none was found.
    """
    from autograder.course.directory import find
    from autograder.course.lock import writing
    from autograder.steps.collect import collect as take

    home = find(course)
    with writing(home):
        rows = take(home, source, assignment_of(home, assignment), pattern)
    taken = [row for row in rows if row.is_collected]
    left = [row for row in rows if not row.is_collected]
    console.table("Collected", ("student", "file"), [(row.student, row.file) for row in taken])
    if left:
        console.table("Not collected", ("file", "reason"), [(row.file, row.reason) for row in left])
    console.say(f"{len(taken)} collected, {len(left)} not. Next: autograder grade")
    raise typer.Exit(0 if taken and not left else 1)
