"""How marks, times and dates are spread: counts for bars, and a few numbers in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import mean, median, quantiles

from autograder.steps.site.people import Person
from autograder.verdict import ByHand, PartResult

BINS = 10
MAX_DAYS = 31  # shown one by one
SECONDS = (0, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
UNTIL_DUE = (  # less than this before the due date, and how to say it
    (-3 * DAY, "more than 3 days late"),
    (-DAY, "1 to 3 days late"),
    (-HOUR, "1 to 24 hours late"),
    (timedelta(0), "up to 1 hour late"),
    (HOUR, "in the last hour"),
    (6 * HOUR, "1 to 6 hours before"),
    (DAY, "6 to 24 hours before"),
    (3 * DAY, "1 to 3 days before"),
    (7 * DAY, "3 to 7 days before"),
    (timedelta.max, "more than a week before"),
)


@dataclass(frozen=True)
class Summary:
    """Some numbers in short."""

    mean: float
    median: float
    lower: float  # a quarter lies below
    upper: float  # a quarter lies above

    @classmethod
    def of(cls, values: Sequence[float]) -> Summary:
        """Summarise values; nothing at all counts as one zero."""
        known = list(values) or [0.0]
        lower, _, upper = quantiles(known, n=4, method="inclusive") if len(known) > 1 else known * 3
        return cls(mean(known), median(known), lower, upper)


@dataclass(frozen=True)
class Bar:
    """One count with its label; the width is its share of the highest one, in percent."""

    label: str
    count: int
    width: float


def bars(counts: Iterable[tuple[str, int]]) -> list[Bar]:
    known = list(counts)
    highest = max((count for _, count in known), default=0) or 1
    return [Bar(label, count, round(100 * count / highest, 1)) for label, count in known]


def histogram(marks: Sequence[float], max_points: float) -> list[int]:
    """Count the marks in equal bins from zero to full; full marks fall into the last one.

    So does what extra credit lifts above them, and what a mark by hand puts below zero falls
    into the first.
    """
    counts = [0] * BINS
    for mark in marks:
        share = mark / max_points if max_points else 0.0
        counts[min(max(int(share * BINS), 0), BINS - 1)] += 1
    return counts


@dataclass(frozen=True)
class PartSpread:
    """The points that the class has in one part, as the gradebook has them."""

    title: str
    max_points: float
    points: Summary
    full: int  # how many have all of them
    none: int  # how many have none


def parts(people: Sequence[Person]) -> list[PartSpread]:
    """Return every part, in the order of the exercise; cells that a person marks stand last."""
    titles: dict[str, str] = {}
    worths: dict[str, float] = {}  # of an optional part the gradebook has none
    for person in people:
        cells: list[PartResult | ByHand] = [*person.verdict.parts, *person.verdict.by_hand]
        titles |= {cell.grade_id: cell.title for cell in cells}
        worths |= {cell.grade_id: cell.max_points for cell in cells}
    for person in people:
        titles |= {name: name for name in person.score.parts if name not in titles}
    found = []
    for grade_id, title in titles.items():
        given = [of[grade_id] for of in (p.score.parts for p in people) if grade_id in of]
        if given:
            worth = worths.get(grade_id) or max(part.max_points for part in given)
            points = [part.points for part in given]
            full = sum(each >= worth for each in points)
            none = sum(each <= 0 for each in points)
            found.append(PartSpread(title, worth, Summary.of(points), full, none))
    return found


def times(people: Sequence[Person]) -> list[Bar]:
    """Count submissions by the seconds that judging took."""
    seconds = [person.verdict.seconds for person in people]
    if not seconds:
        return []
    counts = []
    for low, high in pairwise((*SECONDS, float("inf"))):
        label = f"{low} to {high} s" if high != float("inf") else f"over {low} s"
        counts.append((label, sum(low <= each < high for each in seconds)))
    used = [place for place, (_, count) in enumerate(counts) if count]
    return bars(counts[used[0] : used[-1] + 1])


def handed_in(people: Sequence[Person]) -> list[Bar]:
    """Count submissions by the time left until they were due; by day, where nothing is due."""
    known = [person.score for person in people if person.score.timestamp is not None]
    left = [score.due - score.timestamp for score in known if score.due and score.timestamp]
    if left and len(left) == len(known):
        counts, low = [], timedelta.min
        for high, label in UNTIL_DUE:
            counts.append((label, sum(low <= each < high for each in left)))
            low = high
        return bars(reversed(counts))
    return _by_day([score.timestamp for score in known if score.timestamp])


def _by_day(moments: Sequence[datetime]) -> list[Bar]:
    days = sorted({moment.date() for moment in moments})
    counts = [(f"{day:%a} {day}", sum(m.date() == day for m in moments)) for day in days]
    if len(counts) > MAX_DAYS:
        early = sum(count for _, count in counts[:-MAX_DAYS])
        counts = [(f"before {days[-MAX_DAYS]}", early), *counts[-MAX_DAYS:]]
    return bars(counts)
