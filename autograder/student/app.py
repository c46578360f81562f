"""The command ``autograder`` as students have it: to check their work, and to ask for a hint."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from autograder.commandline import SETTINGS, begin, carry_out
from autograder.errors import AutograderError
from autograder.student.commands import check, hint

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings=SETTINGS,
    help="Check your own work before you hand it in, and ask for a hint when you are stuck.",
)
for command in (check, hint):
    app.command()(command)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command (default: of the command line) in this process; return its exit code."""
    return carry_out(app, arguments, _in_words)


def _in_words(error: Exception) -> AutograderError | None:
    if isinstance(error, OSError):
        what = f"the system refuses something: {error.strerror}"
        return AutograderError(what, str(error.filename or ""), "See to it, and try again.")
    return error if isinstance(error, AutograderError) else None


def main() -> None:
    """The console script."""
    begin()
    sys.exit(run())
