"""The command ``autograder``: what a student and an instructor type."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from autograder import console
from autograder.errors import AutograderError

# Everything else is imported where it is used: `autograder --help` must not wait for torch.

EXIT_CODES = """
Exit codes: 0 done; 1 done, but something needs your attention (a test fails, a file was not
collected, a submission has no verdict); 2 the command could not be carried out as given;
130 stopped with Ctrl-C (run the same command again to go on).
"""

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXIT_CODES,
    help="""
    Release assignments, check your own work, grade a class.

    A student needs one command: [bold]autograder check NOTEBOOK[/bold].

    An instructor goes through a course directory in this order:
    [bold]init[/bold], [bold]release[/bold], (students work), [bold]collect[/bold],
    [bold]grade[/bold], [bold]feedback[/bold], [bold]report[/bold], [bold]export[/bold];
    [bold]status[/bold] says what comes next.
    The directory is an ordinary nbgrader course, so formgrader and nbgrader's own commands
    work in it.

    Student code runs in a sandbox (bubblewrap) and never sees a hidden test.
    Set AUTOGRADER_DEBUG=1 to see the traceback of an error.
    """,
)

CourseOption = Annotated[
    Path | None,
    typer.Option("--course", help="The course directory. Default: the one you are in."),
]
AssignmentArgument = Annotated[
    str | None,
    typer.Argument(help="The assignment. Default: the only one that is released."),
]
StudentOption = Annotated[
    list[str] | None,
    typer.Option("--student", "-s", help="Only this student; may be given several times."),
]


@app.command()
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


@app.command()
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
    from autograder.steps.release import release as make_releases

    home = find(course)
    for made in make_releases(home, assignments or (), force=force):
        state = "released" if made.is_new else "unchanged"
        console.say(f"{made.assignment}: {state}, {escape(str(made.path))}")


@app.command()
def check(
    notebook: Annotated[Path, typer.Argument(help="Your notebook (.ipynb).")],
    timeout: Annotated[float, typer.Option(help="Seconds that one cell may take.")] = 60.0,
) -> None:
    """Run your notebook's visible tests, as a student, before handing it in.

    Runs the notebook from top to bottom in a fresh Python, as the grader will, and says for
    each part whether its tests pass, and if not, where the error is. More tests run when your
    work is graded.

    Example: [bold]autograder check 01-rnn-limits.ipynb[/bold]

    Exit codes: 0 everything passes; 1 something fails; 2 the notebook cannot be used.
    """
    from autograder.check import check as run_tests

    outcome = run_tests(notebook, timeout)
    console.table(
        f"{notebook.name}",
        ("part", "result", "what to do"),
        [(part.title, console.mark(part.passed), part.message) for part in outcome.parts],
    )
    for warning in outcome.warnings:
        console.say(f"[yellow]Note:[/yellow] {escape(warning)}")
    passed = sum(part.passed for part in outcome.parts)
    console.say(f"{passed} of {len(outcome.parts)} parts pass their visible tests.")
    raise typer.Exit(0 if passed == len(outcome.parts) else 1)


@app.command()
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
    from autograder.steps.collect import collect as take

    home = find(course)
    rows = take(home, source, _assignment(home, assignment), pattern)
    taken = [row for row in rows if row.is_collected]
    left = [row for row in rows if not row.is_collected]
    console.table("Collected", ("student", "file"), [(row.student, row.file) for row in taken])
    if left:
        console.table("Not collected", ("file", "reason"), [(row.file, row.reason) for row in left])
    console.say(f"{len(taken)} collected, {len(left)} not. Next: autograder grade")
    raise typer.Exit(0 if taken and not left else 1)


@app.command()
def grade(
    assignment: AssignmentArgument = None,
    student: StudentOption = None,
    jobs: Annotated[
        int,
        typer.Option("--jobs", "-j", min=0, help="Submissions judged at a time; 0: one per CPU."),
    ] = 0,
    timeout: Annotated[
        float | None,
        typer.Option(help="Seconds that one cell may take. Default: the sandbox's."),
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
    from autograder.steps.grade import Options, Outcome
    from autograder.steps.grade import grade as judge

    home = find(course)
    name = _assignment(home, assignment)
    options = Options(jobs=jobs, cell_s=timeout, regrade=regrade, unsafe=unsafe)
    outcome = Outcome()
    try:
        with console.progress() as bar:
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
    console.say(f"Next: autograder feedback {name}")


@app.command()
def feedback(
    assignment: AssignmentArgument = None,
    student: StudentOption = None,
    course: CourseOption = None,
) -> None:
    """Write the page each student gets back (feedback/STUDENT/ASSIGNMENT/ASSIGNMENT.html).

    The page shows what each check examined, its points and its message, and the student's own
    cells with what they printed. It never shows a hidden test. It needs no other file.

    Example: [bold]autograder feedback 01-rnn-limits[/bold]
    """
    from autograder.course.directory import find
    from autograder.steps.feedback import feedback as write_pages

    home = find(course)
    pages = write_pages(home, _assignment(home, assignment), student or ())
    console.say(f"{len(pages)} pages in {escape(str(home.root / 'feedback'))}")


@app.command()
def export(
    assignment: AssignmentArgument = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write to this file. Default: standard output."),
    ] = None,
    checks: Annotated[bool, typer.Option("--checks", help="One row per check.")] = False,
    course: CourseOption = None,
) -> None:
    """Write the marks as CSV.

    One row per submission with the gradebook's score (manual grades and late penalty
    included); with --checks one row per check. Without ASSIGNMENT: all assignments.

    Example: [bold]autograder export -o marks.csv[/bold]
    """
    from autograder.course.directory import find
    from autograder.steps.export import export as write_csv

    home = find(course)
    if assignment is not None:
        home.require_released(assignment)
    names = [assignment] if assignment else home.released()
    if output is None:
        write_csv(home, names, sys.stdout, checks=checks)
        return
    with output.open("w", encoding="utf-8", newline="") as stream:
        count = write_csv(home, names, stream, checks=checks)
    console.say(f"{count} rows in {escape(str(output))}")


@app.command()
def report(
    assignment: AssignmentArgument = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write to this file. Default: report/ASSIGNMENT.html."),
    ] = None,
    course: CourseOption = None,
) -> None:
    """Write the class report: distribution of marks, pass rate per check, who has a problem.

    Example: [bold]autograder report 01-rnn-limits[/bold]
    """
    from autograder.course.directory import find
    from autograder.steps.report import report as write_report

    home = find(course)
    path = write_report(home, _assignment(home, assignment), output)
    console.say(f"Report: {escape(str(path))}")


@app.command()
def status(course: CourseOption = None) -> None:
    """Show how far each assignment has come, and the next command.

    Example: [bold]autograder status[/bold]
    """
    from autograder.course.directory import find
    from autograder.steps.status import status as states

    home = find(course)
    console.table(
        f"{home.settings.course_id} ({home.root})",
        ("assignment", "released", "collected", "graded", "stale", "feedback", "next"),
        [
            (
                row.assignment,
                row.released,
                *map(str, (row.collected, row.graded, row.stale, row.feedback)),
                row.next_step,
            )
            for row in states(home)
        ],
    )


def _assignment(home: object, name: str | None) -> str:
    """Return the assignment that was named, or the only one there is."""
    from autograder.course.directory import Course

    assert isinstance(home, Course)
    if name is not None:
        home.require_released(name)
        return name
    released = home.released()
    if len(released) != 1:
        raise AutograderError(
            "say which assignment you mean",
            str(home.root),
            f"Released: {', '.join(released) or 'none; run autograder release'}.",
        )
    return released[0]


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command (default: of the command line) in this process; return its exit code.

    Errors that a user can put right are printed without a traceback.
    """
    try:
        app(arguments, prog_name="autograder")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except AutograderError as error:
        if os.environ.get("AUTOGRADER_DEBUG"):
            raise
        console.complain(error)
        return 2
    return 0


def main() -> None:
    """The console script."""
    sys.exit(run())
