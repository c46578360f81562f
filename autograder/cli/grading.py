"""Judging what came in."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from autograder import console
from autograder.cli.options import (
    AssignmentArgument,
    CourseOption,
    SandboxOption,
    StudentOption,
    address,
    assignment_of,
)
from autograder.commandline import DAY, seconds


def grade(
    assignment: AssignmentArgument = None,
    student: StudentOption = None,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs",
            "-j",
            min=0,
            help="Submissions judged at a time; 0: one per CPU, or all that the cluster takes.",
        ),
    ] = 0,
    scheduler: Annotated[
        str,
        typer.Option(
            metavar="tcp://HOST:PORT",
            callback=address,
            help="Judge on the workers of this Dask scheduler (docs/cluster.md).",
        ),
    ] = "",
    timeout: Annotated[
        float | None,
        typer.Option(
            callback=seconds, help="Seconds that one cell may take. Default: the sandbox's."
        ),
    ] = None,
    regrade: Annotated[
        bool, typer.Option("--regrade", help="Judge again what already has a verdict that holds.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="CHECK",
            help="Judge only this check again, and keep the rest of each verdict: after a hidden "
            "test was mended. May be given several times.",
        ),
    ] = None,
    sandbox: SandboxOption = "bwrap",
    unsafe: Annotated[
        bool,
        typer.Option(
            "--unsafe", help="Grade without isolation: student code runs as you, on your files."
        ),
    ] = False,
    wait: Annotated[
        bool,
        typer.Option("--wait", help="Wait for another command that is writing the course."),
    ] = False,
    profile: Annotated[
        bool, typer.Option("--profile", help="Show at the end where the time went.")
    ] = False,
    course: CourseOption = None,
) -> None:
    """Judge submissions and write the marks into the gradebook.

    Each submission runs in a sandbox of its own; a judge in another process asks it for
    answers. A verdict is kept per submission and used again as long as submission, exercise,
    hidden tests and grader are the same, so the command can be stopped and repeated at will.
    Marks given by hand in formgrader are left as they are. One command at a time writes a course;
    --wait lets this one wait for its turn.

    After a hidden test was mended, --only CHECK judges that check again for the class and keeps
    the rest of every verdict. You vouch that nothing else has changed; the verdict counts as made
    by the mended tests, and names the checks that were judged by themselves.

    With --scheduler the workers of a Dask cluster judge, each in a sandbox of its own; marks are
    still written here alone. Every worker needs what is installed here, and bubblewrap. The
    scheduler is trusted: keep it in a private network, or use tls:// and certificates.

    Examples:
    [bold]autograder grade 01-rnn-limits[/bold]
    [bold]autograder grade -s ada -s grace --regrade[/bold]
    [bold]autograder grade 01-rnn-limits --only uses_hidden_weight[/bold]
    [bold]autograder grade 01-rnn-limits --scheduler tcp://host:8786[/bold]

    Exit codes: 0 every submission has a verdict, whatever the marks; 1 some have none;
    2 nothing could be graded (for example: no isolation and no --unsafe, another command is
    writing the course, a locked gradebook, a full disk, a scheduler without workers); 130 Ctrl-C.
    """
    from autograder import stages

    if profile:
        stages.switch_on()
    with stages.stage("imports"):
        from autograder.course.directory import find
        from autograder.course.lock import PATIENCE_S, writer_of, writing
        from autograder.course.scratch import scratch
        from autograder.steps.grade import Options, Outcome
        from autograder.steps.grade import grade as judge
        from autograder.steps.profile import Profile
        from autograder.steps.scores import read_scores

    home = find(course)
    name = assignment_of(home, assignment)
    filled = Profile() if profile else None
    options = Options(
        jobs=jobs,
        cell_s=timeout,
        regrade=regrade,
        sandbox=sandbox,
        unsafe=unsafe,
        only=tuple(only or ()),
        scheduler=scheduler,
        profile=filled,
    )
    outcome = Outcome()
    patience_s = float(DAY) if wait else PATIENCE_S
    if wait and (other := writer_of(home)):
        console.say(f"Waiting for {escape(str(other))}")
    try:
        with writing(home, patience_s=patience_s), scratch(home), console.progress() as bar:
            for event in judge(home, name, student or (), options):
                outcome.add(event)
                bar.update(event.done, event.total, event.student)
    except KeyboardInterrupt:
        console.say(
            f"Stopped; {len(outcome.marks)} verdicts are kept. Run the same command to go on."
        )
        raise typer.Exit(130) from None
    console.table(
        f"{name}: {outcome.judged} judged, {outcome.kept} unchanged",
        ("student", "points", "problems"),
        [
            (found.student, f"{found.points:g} / {found.max_points:g}", "\n".join(found.problems))
            for found in outcome.sorted_marks()
        ],
    )
    for note in outcome.notes:
        console.say(f"[yellow]Note:[/yellow] {escape(note)}")
    waiting = sum(score.needs_manual_grade for score in read_scores(home, name).values())
    if waiting:
        console.say(
            f"{waiting} submissions wait for a mark by hand: open formgrader in the course's "
            "folder. The points above are the tests'."
        )
    if filled is not None:
        columns = ("stage", "where", "wall s", "processor s", "share", "each")
        console.table("Where the time went", columns, filled.rows())
    console.say(f"Next: autograder feedback {name}")
