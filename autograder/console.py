"""How the command line looks: tables, progress and complaints, through rich."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from autograder.errors import AutograderError

_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)


def print_what_can_be_printed() -> None:
    """Let a sign that the terminal's encoding lacks be shown as a question mark, not end us.

    Output that is redirected on Windows is in cp1252, which has no arrow and no Greek letter.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def say(markup: str) -> None:
    """Print a line; the text may hold rich markup, so escape what comes from outside."""
    _out.print(markup, soft_wrap=True)


def note(text: str) -> None:
    """Print a remark beside what a command writes to standard output."""
    _err.print(f"[yellow]Note:[/yellow] {escape(text)}", soft_wrap=True)


def complain(error: AutograderError) -> None:
    """Print what was wrong, where, and what to do."""
    _err.print(f"[bold red]Error:[/bold red] {escape(error.what)}", soft_wrap=True)
    if error.where:
        _err.print(f"[bold]Where:[/bold] {escape(error.where)}", soft_wrap=True)
    if error.todo:
        _err.print(f"[bold]What to do:[/bold] {escape(error.todo)}", soft_wrap=True)


def markdown(text: str) -> None:
    """Print Markdown as a terminal can show it."""
    from rich.markdown import Markdown  # slow to import, and hardly any command needs it

    _out.print(Markdown(text, code_theme="ansi_light"))


def mark(passed: bool) -> Text:
    return Text("pass", style="green") if passed else Text("FAIL", style="bold red")


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
    """Print a table; cells are shown as they are, never read as markup.

    The title is a line of its own: as the table's it would be folded to the table's width.
    """
    say(f"[bold]{escape(title)}[/bold]")
    drawn = Table()
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in row))
    _out.print(drawn)


class Bar:
    """A progress bar that learns the total as it goes."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("judging", total=None)

    def update(self, done: int, total: int, label: str) -> None:
        self._progress.update(
            self._task, completed=done, total=total, description=escape(label[:30])
        )


@contextmanager
def progress() -> Iterator[Bar]:
    """Show progress on standard error while the block runs."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=_err, transient=True) as shown:
        yield Bar(shown)
