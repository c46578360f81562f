"""Times as people write them: in the course's zone, and never one that there is not, or twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from autograder.course.moments import lasting, read_moment, shown
from autograder.errors import AutograderError

BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("text", "zone", "utc"),
    [
        ("2026-12-01 23:59", BERLIN, "2026-12-01 22:59"),
        ("2026-07-01T23:59", BERLIN, "2026-07-01 21:59"),
        ("2026-12-01 23:59", "UTC", "2026-12-01 23:59"),
        ("2026-12-01 23:59", "America/New_York", "2026-12-02 04:59"),
        ("2026-12-01 23:59+01:00", "", "2026-12-01 22:59"),
        ("2026-12-01T23:59:00Z", BERLIN, "2026-12-01 23:59"),
        ("2026-10-25 02:30+02:00", BERLIN, "2026-10-25 00:30"),
    ],
)
def test_what_is_meant(text: str, zone: str, utc: str) -> None:
    assert read_moment(text, zone) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "zone", "says"),
    [
        ("2026-03-29 02:30", BERLIN, "there is no 02:30 on 2026-03-29"),
        ("2026-10-25 02:30", BERLIN, "02:30 comes twice .* 02:30.02:00 or 2026-10-25 02:30.01:00"),
        ("2026-12-01 23:59", "", "has no time zone"),
        ("2026-12-01 23:59", "Europe/Atlantis", "no time zone 'Europe/Atlantis'"),
        ("2026-12-01 23:59", "../../etc/passwd", "no time zone"),
        ("2026-12-01", BERLIN, "no time of day"),
        ("2026-02-30 12:00", BERLIN, "no date and time"),
        ("tomorrow", BERLIN, "no date and time"),
        ("0001-01-01 00:00+14:00", BERLIN, "beyond the calendar"),
    ],
)
def test_what_is_refused(text: str, zone: str, says: str) -> None:
    with pytest.raises(AutograderError, match=says):
        read_moment(text, zone)


def test_shown_on_the_course_s_clocks() -> None:
    moment = datetime(2026, 12, 1, 22, 59)  # as the gradebook has it
    assert shown(moment, BERLIN) == "2026-12-01 23:59 CET"
    assert shown(moment.replace(tzinfo=UTC), "") == "2026-12-01 22:59 UTC"


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(days=2), "2 days"),
        (timedelta(days=1, hours=3, minutes=5), "1 day 3 hours"),
        (timedelta(minutes=61), "1 hour 1 minute"),
        (timedelta(seconds=5), "less than a minute"),
    ],
)
def test_how_long(span: timedelta, words: str) -> None:
    assert lasting(span) == words
