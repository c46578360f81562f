"""What a student types."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from autograder import console
from autograder.cli.options import seconds


def check(
    notebook: Annotated[Path, typer.Argument(help="Your notebook (.ipynb).")],
    timeout: Annotated[
        float, typer.Option(callback=seconds, help="Seconds that one cell may take.")
    ] = 60.0,
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
