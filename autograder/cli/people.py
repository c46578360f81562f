"""Who is in the class."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from autograder import console
from autograder.cli.options import CourseOption
from autograder.commandline import SETTINGS

roster = typer.Typer(context_settings=SETTINGS, rich_markup_mode="rich")


@roster.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    missing: Annotated[
        str, typer.Option(metavar="ASSIGNMENT", help="Only those who have not handed this in.")
    ] = "",
    course: CourseOption = None,
) -> None:
    """Show who is in the class, and what they have handed in.

    With [bold]import[/bold] read a class list, with [bold]remove[/bold] take somebody off the
    roster. Names and addresses are in nbgrader's gradebook, where formgrader shows them; sections
    and the numbers by which platforms know a person are beside it, in .autograder/roster.json.

    Examples:
    [bold]autograder roster import class.csv[/bold]
    [bold]autograder roster[/bold]
    [bold]autograder roster --missing 01-rnn-limits[/bold]

    Exit codes: 0 done; 1 done, but lines of the list were refused; 2 nothing could be done.
    """
    if context.invoked_subcommand is not None:
        return
    from autograder.course.directory import find
    from autograder.steps.people import called, read_people

    home = find(course)
    people = read_people(home)
    if missing:
        home.require_released(missing)
    names = [missing] if missing else home.released()
    handed_in = {name: set(home.students(name)) for name in names}
    shown = [who for who in people.values() if not missing or who.student not in handed_in[missing]]
    columns = ("student", "name", "section", "email", "ids", "handed in")
    rows = []
    for who in shown:
        ids = [f"{called(kind)} {value}" for kind, value in who.ids.items()]
        done = [name for name in names if who.student in handed_in[name]]
        told = ", ".join(done) or "nothing"
        sections = ", ".join(who.sections)
        rows.append((who.student, who.name, sections, who.email, "\n".join(ids), told))
    if not people:
        console.say("There is no roster yet. Next: autograder roster import FILE.csv")
        return
    console.table(f"{len(shown)} of {len(people)} students", columns, rows)
    for name in names:
        absent = len(people.keys() - handed_in[name])
        console.say(f"{escape(name)}: {len(people) - absent} handed in, {absent} did not")
    strangers = sorted(set().union(*handed_in.values()) - people.keys()) if not missing else []
    if strangers:
        console.say(
            f"[yellow]Note:[/yellow] handed in, and not on the roster: "
            f"{escape(', '.join(strangers))}"
        )


@roster.command("import", epilog="More: docs/dates.md")
def read_list(
    file: Annotated[Path, typer.Argument(help="A CSV file whose first line names the columns.")],
    assignment: Annotated[
        str,
        typer.Option(
            "--assignment", "-a", help="The assignment that Moodle's grading worksheet is of."
        ),
    ] = "",
    named_by: Annotated[
        str,
        typer.Option("--id", metavar="COLUMN", help="The column that new students' ids are from."),
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    course: CourseOption = None,
) -> None:
    """Read a class list into the roster.

    Takes a CSV file of your own, Canvas's gradebook export, Moodle's list of participants, or the
    grading worksheet of an assignment. Columns are found by name: username (or id), first name,
    last name (or full name), email, section (or groups), ID number, SIS User ID, SIS Login ID,
    GitHub username. The order does not matter, and other columns are left alone.

    A student is called by the username, or else by login, address, number or name, whatever the
    list has first; whoever has handed in already keeps the id that their work has. The same list
    twice changes nothing. Nobody is dropped: who is on the roster and not in the list is named.

    Examples:
    [bold]autograder roster import class.csv[/bold]
    [bold]autograder roster import canvas-gradebook.csv --dry-run[/bold]
    [bold]autograder roster import worksheet.csv -a 01-rnn-limits[/bold]

    Exit codes: 0 every line was read; 1 some were refused, the others are on the roster.
    """
    from autograder.course.directory import find
    from autograder.course.lock import writing
    from autograder.course.sheet import Sheet
    from autograder.steps.enrol import enrol
    from autograder.steps.people import write_people

    home = find(course)
    if assignment:
        home.require_released(assignment)
    sheet = Sheet.read(file)
    with writing(home):
        done = enrol(home, sheet, assignment, named_by)
        if done.written and not dry_run:
            write_people(home, done.people, done.written)
    changed = [(student, "\n".join(what)) for student, what in done.changed.items()]
    if changed:
        console.table("Changed", ("student", "what"), changed)
    if done.refused:
        lines = [(str(number), reason) for number, reason in done.refused]
        console.table("Refused", ("line", "why"), lines)
    for note in done.notes:
        console.say(f"[yellow]Note:[/yellow] {escape(note)}")
    if done.absent:
        console.say(
            f"[yellow]Note:[/yellow] on the roster, and not in this list: "
            f"{escape(', '.join(done.absent))}. They stay; autograder roster remove takes them off."
        )
    console.say(
        f"{len(done.added)} added, {len(changed)} changed, {done.unchanged} as before, "
        f"{len(done.refused)} refused: {len(done.people)} on the roster"
        f"{' (nothing was written)' if dry_run else ''}"
    )
    raise typer.Exit(1 if done.refused else 0)


@roster.command("remove", epilog="More: docs/dates.md")
def remove(
    students: Annotated[list[str], typer.Argument(help="Their ids.")],
    course: CourseOption = None,
) -> None:
    """Take students off the roster.

    What they have handed in, their marks and their row in the gradebook stay.

    Example: [bold]autograder roster remove eve[/bold]
    """
    from autograder.course.directory import find
    from autograder.course.lock import writing
    from autograder.errors import AutograderError
    from autograder.steps.people import read_people, write_people

    home = find(course)
    with writing(home):
        people = read_people(home)
        unknown = [student for student in students if student not in people]
        if unknown:
            raise AutograderError(
                f"not on the roster: {', '.join(unknown)}",
                str(home.root),
                "See 'autograder roster' for who is.",
            )
        write_people(home, {who: one for who, one in people.items() if who not in students}, ())
    console.say(
        f"{len(set(students))} taken off the roster, {len(people) - len(set(students))} on it"
    )
