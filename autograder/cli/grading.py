"""Judging what came in."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from autograder import console
from autograder.cli.options import (
    AssignmentArgument,
    CourseOption,
    StudentOption,
    assignment_of,
    seconds,
)


def grade(
    assignment: AssignmentArgument = None,
    student: StudentOption = None,
    jobs: Annotated[
        int,
        typer.Option("--jobs", "-j", min=0, help="Submissions judged at a time; 0: one per CPU."),
    ] = 0,
    timeout: Annotated[
        float | None,
        typer.Option(
            callback=seconds, help="Seconds that one cell may take. Default: the sandbox's."
        ),
    ] = None,
    regrade: Annotated[
        bool, typer.Option("--regrade", help="Judge again what already has a verdict that holds.")
    ] = False,
    unsafe: Annotated[
        bool,
        typer.Option(
            "--unsafe", help="Grade without isolation: student code runs as you, on your files."
        ),
    ] = False,
    course: CourseOption = None,
) -> None:
    """Judge submissions and write the marks into the gradebook.

    Each submission runs in a sandbox of its own; a judge in another process asks it for
    answers. A verdict is kept per submission and used again as long as submission, exercise,
    hidden tests and grader are the same, so the command can be stopped and repeated at will.
    Marks given by hand in formgrader are left as they are.

    Examples:
    [bold]autograder grade 01-rnn-limits[/bold]
    [bold]autograder grade -s ada -s grace --regrade[/bold]

    Exit codes: 0 every submission has a verdict, whatever the marks; 1 some have none;
    2 nothing could be graded (for example: no isolation and no --unsafe); 130 Ctrl-C.
    """
    from autograder.course.directory import find
    from autograder.course.lock import scratch, writing
    from autograder.steps.grade import Options, Outcome
    from autograder.steps.grade import grade as judge

    home = find(course)
    name = assignment_of(home, assignment)
    options = Options(jobs=jobs, cell_s=timeout, regrade=regrade, unsafe=unsafe)
    outcome = Outcome()
    try:
        with writing(home), scratch(home), console.progress() as bar:
            for event in judge(home, name, student or (), options):
                outcome.add(event)
                bar.update(event.done, event.total, event.student)
    except KeyboardInterrupt:
        console.say(
            f"Stopped; {len(outcome.verdicts)} verdicts are kept. Run the same command to go on."
        )
        raise typer.Exit(130) from None
    console.table(
        f"{name}: {outcome.judged} judged, {outcome.kept} unchanged",
        ("student", "points", "problems"),
        [
            (found.student, f"{found.points:g} / {found.max_points:g}", "\n".join(found.problems))
            for found in outcome.sorted_verdicts()
        ],
    )
    for note in outcome.notes:
        console.say(f"[yellow]Note:[/yellow] {escape(note)}")
    console.say(f"Next: autograder feedback {name}")
