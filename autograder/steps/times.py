"""When work came in, from Moodle's grading worksheet: its downloads do not say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from autograder.course.moments import zone_of
from autograder.course.sheet import Line, Sheet
from autograder.errors import AutograderError

COLUMN = "Last modified (submission)"
IDENTIFIER = re.compile(r"\D*([0-9]{1,20})")
DATE = re.compile(
    r"(?:\w+, )?(?P<day>\d{1,2}) (?P<month>[A-Z][a-z]+) (?P<year>\d{4}), "
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)\s?(?P<half>[AP]M)?"
)
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)
NEVER = ("", "-")


def read_times(sheet: Sheet, zone: str) -> dict[str, float]:
    """Return when each participant handed in, in seconds since 1970, by Moodle's number.

    Moodle writes the wall clock's time where its user is; ``zone`` is the course's. Of an hour that
    comes twice the earlier one is taken, which harms nobody.
    """
    identifier, column = sheet.column("Identifier"), sheet.column(COLUMN)
    if identifier is None or column is None:
        raise AutograderError(
            f"the table has no columns 'Identifier' and {COLUMN!r}",
            sheet.name,
            "Give the grading worksheet that Moodle makes of the assignment, in English.",
        )
    if not zone:
        raise AutograderError(
            "the worksheet has times on the wall, and the course has no time zone",
            sheet.name,
            "Say once where the course is: autograder due --timezone Europe/Berlin.",
        )
    return dict(_times(sheet, identifier, column, zone_of(zone)))


def _times(
    sheet: Sheet, identifier: int, column: int, zone: ZoneInfo
) -> Iterator[tuple[str, float]]:
    for line in sheet.lines:
        number = IDENTIFIER.fullmatch(line[identifier])
        if number is not None and line[column] not in NEVER:
            yield number[1], _time(sheet, line, line[column], zone)


def _time(sheet: Sheet, line: Line, text: str, zone: ZoneInfo) -> float:
    found = DATE.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        hour, half = int(found["hour"]), found["half"]
        if half is not None:
            hour = hour % 12 + (12 if half == "PM" else 0)
        moment = datetime(
            int(found["year"]),
            MONTHS.index(found["month"]) + 1,
            int(found["day"]),
            hour,
            int(found["minute"]),
            tzinfo=zone,
        )
        return moment.astimezone(UTC).timestamp()
    except (ValueError, OverflowError) as error:
        raise AutograderError(
            f"line {line.number}: {text!r} is no time that Moodle writes in English",
            sheet.name,
            "Set Moodle to English and download the worksheet again. It should look like "
            "'Sunday, 22 November 2026, 8:14 AM'.",
        ) from error
