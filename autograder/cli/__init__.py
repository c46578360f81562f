"""The command ``autograder``: what a student and an instructor type.

Each module holds the commands of one stretch of the road; this one puts them together, in the
order in which they are used.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import typer

from autograder.cli.authoring import new, try_assignment
from autograder.cli.collecting import collect
from autograder.cli.course import init, release, status, student_package
from autograder.cli.dates import due, extend
from autograder.cli.exporting import export, gradescope
from autograder.cli.grading import grade
from autograder.cli.people import roster
from autograder.cli.results import feedback, leaderboard, report, verify
from autograder.cli.similarity import similar
from autograder.commandline import SETTINGS, begin, carry_out
from autograder.course.trouble import in_words
from autograder.student.commands import check, hint

# Everything else is imported where it is used: `autograder --help` must not wait for torch.

EXIT_CODES = """
Exit codes: 0 done; 1 done, but something needs your attention (a test fails, a
file was not collected, a submission has no verdict); 2 the command could not be
carried out as given; 130 stopped with Ctrl-C (run the same command again to go on).
"""

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings=SETTINGS,
    epilog=EXIT_CODES,
    help="""
    Release assignments, check your own work, grade a class.

    A student needs [bold]autograder check NOTEBOOK[/bold] and, when stuck, [bold]hint[/bold].

    An instructor works in a course directory, which is an ordinary nbgrader course.
    The groups below are in the order of use; [bold]status[/bold] says what comes next.
    docs/first-course.md goes from an empty folder to marks in the LMS, command by
    command.

    Student code runs in a sandbox (bubblewrap) and never sees a hidden test.
    Set AUTOGRADER_DEBUG=1 to see the traceback of an error.
    """,
)
# The groups of the help, in the order of use; each command with the document that explains it.
FIRST, OWN, DATES = "docs/first-course.md", "docs/own-assignment.md", "docs/dates.md"
LMS, REPORT, STUDENTS = "docs/lms.md", "docs/report.md", "docs/students.md"
GROUPS: dict[str, dict[Callable[..., None], str]] = {
    "For students": {check: STUDENTS, hint: STUDENTS},
    "The course": {init: FIRST, release: FIRST, status: FIRST, verify: FIRST},
    "Assignments of your own": {new: OWN, try_assignment: OWN},
    "People and dates": {due: DATES, extend: DATES},
    "From submissions to marks": {collect: LMS, grade: FIRST, similar: "docs/similar.md"},
    "Out again": {
        feedback: LMS,
        export: LMS,
        gradescope: LMS,
        report: REPORT,
        leaderboard: REPORT,
        student_package: STUDENTS,
    },
}
for group, commands in GROUPS.items():
    for command, document in commands.items():
        name = command.__name__.removesuffix("_assignment").replace("_", "-")
        app.command(name, rich_help_panel=group, epilog=f"More: {document}")(command)
app.add_typer(roster, name="roster", rich_help_panel="People and dates", epilog=f"More: {DATES}")


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command (default: of the command line) in this process; return its exit code."""
    return carry_out(app, arguments, in_words)


def main() -> None:
    """The console script."""
    # Workers would run this script again before they begin.
    vars(sys.modules["__main__"]).pop("__file__", None)
    begin()
    sys.exit(run())
