"""What comes in: students' files into the course."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

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
            help="Regular expression with a group (?P<student>...), and perhaps (?P<id>...) for "
            "the number your LMS knows the person by, matched against the path inside SOURCE. "
            "Default: the names Moodle, Canvas, nbgrader, GitHub Classroom and people use."
        ),
    ] = None,
    inside: Annotated[
        str, typer.Option(help="The folder in SOURCE that holds the submissions.")
    ] = "",
    student: Annotated[
        str, typer.Option("--student", "-s", help="Everything in SOURCE is this student's.")
    ] = "",
    whose: Annotated[
        Path | None,
        typer.Option("--map", help="A CSV file of file,student: whose these files are."),
    ] = None,
    times: Annotated[
        Path | None,
        typer.Option(help="Moodle's grading worksheet: when everybody handed in stands there."),
    ] = None,
    replace: Annotated[
        list[str] | None,
        typer.Option(
            help="Take this student's work from SOURCE even if it was collected from elsewhere or "
            "is older; may be given several times; '*' is everybody."
        ),
    ] = None,
    course: CourseOption = None,
) -> None:
    """Bring submissions into the course (submitted/STUDENT/ASSIGNMENT/).

    The number by which your LMS knows a person says whose a file is; a later download replaces
    what came from the same person. Work whose owner only a name tells is not replaced from another
    folder or archive unless you say --replace. Of several notebooks by one student the latest
    counts in which something was done. Nothing is left out silently: every file that is not
    collected is listed with the reason and, where it is for you to say, with the option that
    answers it. Notebooks that cannot be read are collected too; they are graded with a zero and
    a reason.

    Examples:
    [bold]autograder collect inbox -a 01-rnn-limits[/bold]
    [bold]autograder collect moodle.zip --times worksheet.csv[/bold]
    [bold]autograder collect mail/homework.ipynb --student ada[/bold]
    [bold]autograder collect inbox --map whose.csv[/bold]
    [bold]autograder collect inbox --pattern 'hw1-(?P<student>.+)[.]ipynb'[/bold]

    Exit codes: 0 every notebook was collected; 1 some file was not, or none was found.
    """
    from autograder.course.directory import find
    from autograder.course.lock import writing
    from autograder.course.sheet import Sheet
    from autograder.steps.answers import Answers, read_map
    from autograder.steps.collect import collect as take
    from autograder.steps.times import read_times

    home = find(course)
    name = assignment_of(home, assignment)
    when = read_times(Sheet.read(times), home.settings.timezone) if times else {}
    said = Answers(inside, student, read_map(whose) if whose else {}, replace or ())
    with writing(home):
        rows = take(home, source, name, pattern, said, when)
    taken = [row for row in rows if row.is_collected]
    left = [row for row in rows if not row.is_collected]
    if taken:
        shown = [(row.student, row.file, row.note) for row in taken]
        console.table("Collected", ("student", "file", "note"), shown)
    if left:
        console.table("Not collected", ("file", "reason"), [(row.file, row.reason) for row in left])
    if taken:
        next_step = f"Next: autograder grade {name}"
    elif not any(row.file.lower().endswith(".ipynb") for row in rows):
        next_step = f"There is no notebook (.ipynb) in {source}."
    else:
        next_step = "The reasons above say what is missing."
    console.say(f"{len(taken)} collected, {len(left)} not. {escape(next_step)}")
    raise typer.Exit(0 if taken and not left else 1)
