"""What the two command lines share: the instructor's (``cli/``), the student's (``student/``)."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence

import typer

from autograder import console
from autograder.errors import AutograderError

DAY = 86_400
SLOW = "rfc3987_syntax"
SETTINGS = {"help_option_names": ["-h", "--help"]}


def seconds(value: float | None) -> float | None:
    """Refuse what is no time to wait: zero, less, more than a day and NaN."""
    if value is not None and not 0 < value <= DAY:
        raise typer.BadParameter(f"give a number of seconds above zero, at most {DAY} (a day)")
    return value


def carry_out(
    app: typer.Typer,
    arguments: Sequence[str] | None,
    in_words: Callable[[Exception], AutograderError | None],
) -> int:
    """Run one command (default: of the command line) in this process; return its exit code.

    Errors that a user can put right, as ``in_words`` tells them, are printed without a traceback.
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


def begin() -> None:
    """What a console script does before anything else."""
    console.print_what_can_be_printed()
    gc.set_threshold(50_000)  # imports make next to no garbage, and much to look through for it
    # jsonschema, which comes with nbformat, builds 38 parsers of addresses with it as it is
    # imported, as long as all of torch; no notebook's schema has such an address. This lets it do
    # without, as where it is not installed (python-jsonschema/jsonschema, issue 1428).
    sys.modules.setdefault(SLOW, None)  # type: ignore[arg-type]
