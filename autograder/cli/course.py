"""The course itself: lay it out, release its assignments, see how far they are."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from autograder import console
from autograder.cli.options import CourseOption

RARE = ("missing", "late")  # columns of status that are shown where there is something in them


def init(
    directory: Annotated[Path, typer.Argument(help="A new or an empty directory.")],
    exercises: Annotated[Path, typer.Option(help="The folder with the exercises (*.md).")] = Path(
        "exercises"
    ),
    db: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="Keep the gradebook in PostgreSQL: postgresql://USER@HOST/DATABASE, an empty "
            "database. Default: a file, gradebook.db.",
        ),
    ] = "",
    own: Annotated[
        bool, typer.Option("--own", help="No exercises but your own (autograder new).")
    ] = False,
    student_package: Annotated[
        str | None,
        typer.Option(
            help="Where students get the command `check`: an address, or a sentence. "
            "Default: a file that `release` puts beside each notebook."
        ),
    ] = None,
) -> None:
    """Lay out a course directory.

    Makes an ordinary nbgrader course: nbgrader_config.py, gradebook.db, source/, release/,
    submitted/, autograded/, feedback/, inbox/. Run on its own course it completes what is
    missing and changes nothing else.

    With --db, several machines and graders can share the gradebook; every command, formgrader
    and nbgrader find it there. Leave the password out of the address: it is taken from
    ~/.pgpass or PGPASSWORD, as PostgreSQL's own programs do.

    Examples:
    [bold]autograder init ~/teaching/fall[/bold]
    [bold]autograder init ~/teaching/fall --db postgresql://me@db.example.edu/fall[/bold]
    """
    from autograder.course.database import PASSFILE, gradebook_name
    from autograder.course.directory import init as lay_out
    from autograder.course.directory import set_student_package

    made = lay_out(directory, None if own else exercises, db)
    if student_package is not None:
        made = set_student_package(made, student_package)
    console.say(
        f"Course [bold]{escape(made.settings.course_id)}[/bold] in {escape(str(made.root))}"
    )
    if made.database:
        console.say(f"Its gradebook is in {escape(gradebook_name(made.database))}")
        if (made.root / PASSFILE).is_file():
            console.say(
                f"[yellow]Note:[/yellow] the password lies in {PASSFILE}, which only you can read; "
                "your shell may have kept it in its history."
            )
    step = "autograder new NAME" if own else "autograder release"
    if directory.resolve() != Path.cwd():
        step = f"cd {shlex.quote(str(directory))}, then: {step}"
    console.say(f"Next: {escape(step)}")


def release(
    assignments: Annotated[
        list[str] | None,
        typer.Argument(help="Exercises to release. Default: all of them."),
    ] = None,
    force: Annotated[bool, typer.Option(help="Make them anew even if nothing changed.")] = False,
    course: CourseOption = None,
) -> None:
    """Make the notebooks that students get.

    Puts the reference solution into each exercise (source/), then lets nbgrader take solutions
    and hidden tests out again (release/), and proves that no line of either is left.

    Example: [bold]autograder release 01-rnn-limits[/bold]
    """
    from autograder.course.directory import find
    from autograder.course.lock import writing
    from autograder.steps.release import release as make_releases

    home = find(course)
    with writing(home):
        releases = make_releases(home, assignments or (), force=force)
    for made in releases:
        state = "released" if made.is_new else "unchanged"
        console.say(f"{made.assignment}: {state}, {escape(str(made.path))}")


def student_package(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The folder for it.", file_okay=False)
    ] = Path(),
) -> None:
    """Make the package that students install to check their notebooks.

    A wheel in pure Python with `autograder check` and `autograder hint`, without solutions, hidden
    tests and everything else of an instructor's. `release` puts it beside each notebook; this
    command is for those who put it elsewhere, such as a page of the course. It needs no network.

    Example: [bold]autograder student-package -o ~/Desktop[/bold]
    """
    from autograder.steps.student_package import write

    output.mkdir(parents=True, exist_ok=True)
    made = write(output)
    console.say(f"{escape(str(made))}, {made.stat().st_size / 1000:.0f} kB")
    console.say(f"Students: pip install ./{made.name}")


def status(course: CourseOption = None) -> None:
    """Show how far each assignment has come, and the next command for it.

    Missing are those of the roster who have not handed in, late those who did after the date that
    holds for them; a column where there is nobody is left out. Stale are verdicts that were made
    from something else: an older submission, exercise, hidden test or grader. A due date or a rule
    for late work that changed since grading is named, too.

    Example: [bold]autograder status[/bold]
    """
    from autograder.course.directory import find
    from autograder.steps.status import status as states

    home = find(course)
    rows = states(home)
    if not rows:
        console.say("There is no exercise yet. Next: autograder new NAME")
        return
    counts = ["collected", "missing", "late", "graded", "stale", "feedback"]
    shown = [name for name in counts if name not in RARE or any(getattr(r, name) for r in rows)]
    console.table(
        f"{home.settings.course_id} ({home.root})",
        ("assignment", "released", *shown),
        [(row.assignment, row.released, *(str(getattr(row, n)) for n in shown)) for row in rows],
    )
    for row in rows:
        if row.penalties:
            console.say(
                f"[yellow]Note:[/yellow] {escape(row.assignment)}: {row.penalties} penalties for "
                "handing in late are not what the due date and the rule say now."
            )
    console.say("Next:")
    for row in rows:
        console.say(f"  {escape(row.next_step)}")  # outside of the table, where it can be copied
