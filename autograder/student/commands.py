"""What a student types."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from autograder import console
from autograder.commandline import seconds


def check(
    notebook: Annotated[
        Path, typer.Argument(help="Your notebook (.ipynb), or the folder of the course.")
    ],
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Go on, and check again whenever you save.")
    ] = False,
    timeout: Annotated[
        float, typer.Option(callback=seconds, help="Seconds that one cell may take.")
    ] = 60.0,
) -> None:
    """Run your notebook's visible tests, as a student, before handing it in.

    Runs the notebook from top to bottom in a fresh Python, as the grader will, and says for
    each part whether its tests pass, and if not, where the error is. More tests run when your
    work is graded.

    Given a folder, it checks every assignment in it and shows how far you are in the course.
    With [bold]--watch[/bold] it stays, and checks a notebook again each time you save it;
    Ctrl-C ends it.

    Example: [bold]autograder check 01-rnn-limits.ipynb[/bold]

    Example: [bold]autograder check --watch .[/bold]

    Exit codes: 0 everything passes; 1 something fails; 2 the notebook cannot be used;
    130 stopped with Ctrl-C.
    """
    from autograder.student import reporting
    from autograder.student.watch import once
    from autograder.student.watch import watch as keep_watch

    if watch:
        reporting.follow(keep_watch(notebook, timeout), notebook)
        return
    raise typer.Exit(0 if reporting.tell(once(notebook, timeout), notebook) else 1)


def hint(
    notebook: Annotated[Path, typer.Argument(help="Your notebook (.ipynb).")],
    part: Annotated[
        list[str] | None,
        typer.Argument(help="The part: its number, its title or a piece of it. Default: a list."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All hints of the part, not the next one only.")
    ] = False,
) -> None:
    """Show a hint for a part you are stuck with: the next one each time.

    The hints are those in your notebook, below the answer, from a nudge to nearly everything.
    After the last one they begin anew. None of them is the answer.

    Example: [bold]autograder hint 01-rnn-limits.ipynb 2[/bold]

    Exit codes: 0 a hint was shown; 2 there is no such notebook, part or hint.
    """
    from autograder.student.hints import hint as next_hint
    from autograder.student.hints import parts_of

    if not part:
        rows = [(each.title, str(len(each.hints) or "none")) for each in parts_of(notebook)]
        console.table(notebook.name, ("part", "hints"), rows)
        return
    memory = Path(typer.get_app_dir("autograder"), "hints.json")
    told = next_hint(notebook, " ".join(part), memory, everything=everything)
    for number, given in enumerate(told.hints, told.first):
        place = f"{escape(told.part.title)}, hint {number} of {len(told.part.hints)}"
        console.say(f"{place}: [bold]{escape(given.topic)}[/bold]")
        console.markdown(given.readable)
    left = len(told.part.hints) - told.last
    if left > 0:
        console.say(f"[dim]The same command shows the next one; {left} left.[/dim]")
    elif not everything:
        console.say("[dim]That was the last one. The same command begins with the first.[/dim]")
