"""The course itself: lay it out, release its assignments, see how far they are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from autograder import console
from autograder.cli.options import CourseOption


def init(
    directory: Annotated[Path, typer.Argument(help="A new or an empty directory.")],
    exercises: Annotated[Path, typer.Option(help="The folder with the exercises (*.md).")] = Path(
        "exercises"
    ),
) -> None:
    """Lay out a course directory.

    Makes an ordinary nbgrader course: nbgrader_config.py, gradebook.db, source/, release/,
    submitted/, autograded/, feedback/, inbox/. Run on its own course it completes what is
    missing and changes nothing else.

    Example: [bold]autograder init ~/teaching/fall[/bold]
    """
    from autograder.course.directory import init as lay_out

    made = lay_out(directory, exercises)
    console.say(
        f"Course [bold]{escape(made.settings.course_id)}[/bold] in {escape(str(made.root))}"
    )
    console.say("Next: autograder release")


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


def status(course: CourseOption = None) -> None:
    """Show how far each assignment has come, and the next command for it.

    Stale are verdicts that were made from something else: an older submission, exercise, hidden
    test or grader. A due date or a rule for late work that changed since grading is named, too.

    Example: [bold]autograder status[/bold]
    """
    from autograder.course.directory import find
    from autograder.steps.status import status as states

    home = find(course)
    rows = states(home)
    console.table(
        f"{home.settings.course_id} ({home.root})",
        ("assignment", "released", "collected", "graded", "stale", "feedback"),
        [
            (
                row.assignment,
                row.released,
                *map(str, (row.collected, row.graded, row.stale, row.feedback)),
            )
            for row in rows
        ],
    )
    for row in rows:
        if row.penalties:
            console.say(
                f"[yellow]Note:[/yellow] {escape(row.assignment)}: {row.penalties} penalties for "
                "handing in late are not what the due date and the rule say now."
            )
    console.say("Next:" if rows else "There is no exercise yet.")
    for row in rows:
        console.say(f"  {escape(row.next_step)}")  # outside of the table, where it can be copied
