"""The command ``autograder``: what a student and an instructor type.

Each module holds the commands of one stretch of the road; this one puts them together, in the
order in which they are used.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

import typer

from autograder import console
from autograder.cli.collecting import collect
from autograder.cli.course import init, release, status
from autograder.cli.grading import grade
from autograder.cli.results import export, feedback, leaderboard, report, verify
from autograder.cli.student import check
from autograder.course.trouble import in_words

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
    [bold]leaderboard[/bold] shows the class what its capstones scored,
    [bold]status[/bold] says what comes next, [bold]verify[/bold] whether everything agrees.
    The directory is an ordinary nbgrader course, so formgrader and nbgrader's own commands
    work in it.

    Student code runs in a sandbox (bubblewrap) and never sees a hidden test.
    Set AUTOGRADER_DEBUG=1 to see the traceback of an error.
    """,
)
for command in (
    *(init, release, check, collect, grade),
    *(feedback, export, report, leaderboard, status, verify),
):
    app.command()(command)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command (default: of the command line) in this process; return its exit code.

    Errors that a user can put right are printed without a traceback.
    """
    try:
        app(arguments, prog_name="autograder")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except Exception as error:
        told = in_words(error)
        if told is None or os.environ.get("AUTOGRADER_DEBUG"):
            raise
        console.complain(told)
        return 2
    return 0


def main() -> None:
    """The console script."""
    # jsonschema, which comes with nbformat, builds a grammar of addresses as it is imported: as
    # long as all of torch, and no notebook's schema has such an address.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    # Workers would run this script again before they begin.
    vars(sys.modules["__main__"]).pop("__file__", None)
    gc.set_threshold(50_000)  # imports make next to no garbage, and much to look through for it
    sys.exit(run())
