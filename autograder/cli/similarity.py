"""What submissions share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from autograder import console
from autograder.cli.options import AssignmentArgument, CourseOption, assignment_of, new_file

SHOWN_PARTS = 4


def similar(
    assignment: AssignmentArgument = None,
    against: Annotated[
        list[Path] | None,
        typer.Option(
            "--against",
            exists=True,
            file_okay=False,
            help="Another year's course directory, or a folder of notebooks, to compare with, "
            "too; may be given several times.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            callback=new_file,
            help="Write the pairs side by side into this HTML file, with what matches marked.",
        ),
    ] = None,
    pairs: Annotated[int, typer.Option(min=1, max=500, help="How many pairs to show.")] = 20,
    course: CourseOption = None,
) -> None:
    """Find submissions that share more than chance. A reason to look, not proof.

    Compared are tokens of code: renaming, comments, strings, layout, the order of functions and
    moving code between cells change nothing. What everybody was given (the release, and the
    reference that the book shows) is subtracted, and so is what more than a few of the class
    have written: a short right answer has few forms. The score adds up the tokens that match,
    those of each part times the share of the part that they are. Independent answers share a
    little, too: docs/similar.md has figures. Code is read, never run.

    Examples:
    [bold]autograder similar 03-gates[/bold]
    [bold]autograder similar 03-gates --against ~/courses/last-year -o similar.html[/bold]
    """
    from autograder.course.directory import find
    from autograder.steps.similar import similar as compare
    from autograder.steps.similar import write_page

    home = find(course)
    found = compare(home, assignment_of(home, assignment), against or (), pairs)
    rows = []
    for pair in found.pairs:
        shares = [f"{share.part}: {share.matched} of {share.own}" for share in pair.parts]
        more = [f"and {len(shares) - SHOWN_PARTS} more"] if len(shares) > SHOWN_PARTS else []
        owners = [text.owner for text in pair.texts]
        told = "\n".join(shares[:SHOWN_PARTS] + more)
        rows.append((*owners, f"{pair.score:.0f}", str(pair.matched), told))
    if rows:
        columns = (
            "student",
            "student",
            "score",
            "tokens",
            "parts: matched tokens of all their own",
        )
        console.table("What submissions share", columns, rows)
    if found.unread:
        console.table("Not compared", ("student", "why"), found.unread)
    others = f", and with {found.earlier} others" if found.earlier else ""
    console.say(
        f"{found.compared} submissions compared{others}. "
        "Similarity is a reason to look, not proof: read both, and ask both."
    )
    if output is not None:
        write_page(found, output)
        console.say(f"Side by side: {escape(str(output))}")
