"""When things are due, and for whom later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from autograder import console
from autograder.cli.options import CourseOption

if TYPE_CHECKING:
    from autograder.course.directory import Course

ZoneOption = Annotated[
    str,
    typer.Option(
        "--timezone",
        metavar="ZONE",
        help="Where the course's clocks are (Europe/Berlin). Kept for next time.",
    ),
]


def due(
    assignment: Annotated[str | None, typer.Argument(help="The assignment.")] = None,
    when: Annotated[
        str | None,
        typer.Argument(help="Date and time, as '2026-12-01 23:59'; or 'never'."),
    ] = None,
    timezone: ZoneOption = "",
    course: CourseOption = None,
) -> None:
    """Show when assignments are due, or set the date of one.

    Without arguments: all dates, everybody's extensions, and what handing in late costs. A time
    is read in the course's time zone, which is said once with --timezone; a time that the clocks
    skip or show twice there is refused. The date is kept in nbgrader's gradebook. A date in the
    exercise's .toml is where a course begins: what is set here holds until that line changes.

    Examples:
    [bold]autograder due[/bold]
    [bold]autograder due 01-rnn-limits '2026-12-01 23:59' --timezone Europe/Berlin[/bold]
    [bold]autograder due 01-rnn-limits never[/bold]
    """
    from datetime import UTC, datetime

    from autograder.course.directory import find
    from autograder.course.lock import writing
    from autograder.course.moments import read_moment, shown
    from autograder.steps import deadlines

    home = find(course)
    if timezone:
        with writing(home):
            home = deadlines.set_timezone(home, timezone)
    zone = home.settings.timezone
    if assignment is not None and when is not None:
        moment = None if when == "never" else read_moment(when, zone)
        with writing(home):
            deadlines.set_due(home, assignment, moment)
        said = f"is due {shown(moment, zone)}" if moment else "is due at no time"
        console.say(f"{escape(assignment)} {said}")
        if moment is not None and moment < datetime.now(UTC):
            console.say("[yellow]Note:[/yellow] that is in the past")
        if home.graded(assignment):
            console.say(f"Next: autograder grade {escape(assignment)}, for the penalties")
        return
    if assignment is not None:
        home.require_released(assignment)
    _show(home, assignment)


def _show(home: Course, assignment: str | None) -> None:
    from autograder.course.moments import lasting, shown
    from autograder.steps.deadlines import deadlines
    from autograder.steps.late import LateRule

    zone = home.settings.timezone
    rows, later = [], []
    for one in deadlines(home):
        if assignment in (None, one.assignment):
            date = shown(one.due, zone) if one.due else "never"
            rows.append((one.assignment, date, LateRule(home, one.assignment).in_words()))
            for student, until in one.extended.items():
                more = lasting(until - one.due) if one.due else ""
                later.append((one.assignment, student, shown(until, zone), more))
    console.table("Due", ("assignment", "due", "handing in late"), rows)
    if later:
        console.table("Extensions", ("assignment", "student", "until", "more"), later)
    if not zone:
        console.say("The course has no time zone yet: times are in UTC. Say it with --timezone.")


def extend(
    assignment: Annotated[str, typer.Argument(help="The assignment.")],
    student: Annotated[str, typer.Argument(help="The student's id.")],
    until: Annotated[
        str, typer.Option(help="Date and time, as '2026-12-03 23:59', whatever the due date is.")
    ] = "",
    days: Annotated[float, typer.Option(help="So many days more than everybody has.")] = 0.0,
    hours: Annotated[float, typer.Option(help="So many hours more.")] = 0.0,
    none: Annotated[bool, typer.Option("--none", help="Take the extension away.")] = False,
    timezone: ZoneOption = "",
    course: CourseOption = None,
) -> None:
    """Let one student hand in later.

    It takes the place of an extension that the student has. It may be granted before anything is
    handed in. --days and --hours move along when the date is moved; --until stays.

    Examples:
    [bold]autograder extend 01-rnn-limits ada --days 2[/bold]
    [bold]autograder extend 01-rnn-limits ada --until '2026-12-03 12:00'[/bold]
    [bold]autograder extend 01-rnn-limits ada --none[/bold]
    """
    from autograder.course.directory import find
    from autograder.course.lock import writing
    from autograder.course.moments import read_moment, shown
    from autograder.steps import deadlines

    if bool(until) + bool(days or hours) + none != 1:
        raise typer.BadParameter("say one of --until, --days and --hours, or --none")
    home = find(course)
    if timezone:
        with writing(home):
            home = deadlines.set_timezone(home, timezone)
    zone = home.settings.timezone
    granted = None
    if not none:
        moment = read_moment(until, zone) if until else None
        granted = deadlines.Extension(moment, 24 * days + hours)
    with writing(home):
        end = deadlines.extend(home, assignment, student, granted)
    console.say(
        f"{escape(student)}: {escape(assignment)} is due {shown(end, zone)}"
        f"{', as for everybody' if none else ''}"
    )
