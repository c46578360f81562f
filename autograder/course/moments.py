"""Points in time as people write them: a wall clock's time in the course's own time zone.

The gradebook keeps times in UTC, without saying so, as nbgrader does. What a person types is read
in the course's time zone, and a time that the clocks skip there, or show twice, is refused.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from autograder.errors import AutograderError

EXAMPLE = '"2026-12-01 23:59"'


def zone_of(name: str) -> ZoneInfo:
    """Return the time zone of this name; raise AutograderError when there is none."""
    try:
        return ZoneInfo(name)
    except (LookupError, OSError, ValueError) as error:  # no such file, or no name of one
        raise AutograderError(
            f"there is no time zone {name!r}",
            "",
            "Give a name such as Europe/Berlin, America/New_York or UTC.",
        ) from error


def read_moment(text: str, zone: str) -> datetime:
    """Return the moment, in UTC; ``zone`` is the course's, empty when it has none.

    A time that ends in an offset (``+01:00``, ``Z``) needs no zone.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise AutograderError(
            f"{text!r} is no date and time",
            "",
            f"Write year, month, day, hour and minute: {EXAMPLE}.",
        ) from error
    if len(text.strip()) <= len("2026-12-01"):
        raise AutograderError(
            f"{text!r} has no time of day", "", f"Write hour and minute, too: {EXAMPLE}."
        )
    if moment.tzinfo is None:
        moment = _on_the_wall(moment, zone)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise AutograderError(
            f"{text!r} is beyond the calendar", "", f"Write {EXAMPLE}."
        ) from error


def _on_the_wall(moment: datetime, zone: str) -> datetime:
    """Put a wall clock's time into its zone; refuse one that the clocks skip or show twice."""
    if not zone:
        raise AutograderError(
            f"{moment} is a time on the wall, and the course has no time zone",
            ".autograder/course.json",
            "Say once where the course is, with --timezone Europe/Berlin, "
            f"or write the offset: {moment:%Y-%m-%d %H:%M}+01:00.",
        )
    where = zone_of(zone)
    first, second = (moment.replace(tzinfo=where, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first
    either = " or ".join(each.isoformat(" ", "minutes") for each in (first, second))
    if first.astimezone(UTC).astimezone(where).replace(tzinfo=None) != moment:
        raise AutograderError(
            f"there is no {moment:%H:%M} on {moment:%Y-%m-%d} in {zone}: "
            "the clocks are put forward then",
            "",
            "Name an hour that there is.",
        )
    raise AutograderError(
        f"{moment:%H:%M} comes twice on {moment:%Y-%m-%d} in {zone}: the clocks are put back then",
        "",
        f"Say which: {either}.",
    )


def shown(moment: datetime, zone: str) -> str:
    """Return a moment as the course's clocks show it; without a zone in UTC."""
    where: tzinfo = zone_of(zone) if zone else UTC
    local = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(where)
    return f"{local:%Y-%m-%d %H:%M} {local.tzname()}"


def lasting(span: timedelta) -> str:
    """Return how long something is: days and hours, or minutes where it is less."""
    minutes = round(span.total_seconds() / 60)
    days, hours = divmod(minutes // 60, 24)
    parts = [(days, "day"), (hours, "hour"), (minutes % 60 if not days else 0, "minute")]
    return (
        " ".join(f"{count} {unit}{'s' if count > 1 else ''}" for count, unit in parts if count)
        or "less than a minute"
    )
