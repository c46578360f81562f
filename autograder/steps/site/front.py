"""The front page's figures, and the table of students."""

from __future__ import annotations

from collections import Counter
from typing import Any

from autograder.course.moments import shown
from autograder.steps.pages import cut
from autograder.steps.site import spread
from autograder.steps.site.people import Class, Person
from autograder.steps.site.spread import BINS, Summary

LEFT, RIGHT, TOP, BOTTOM = 40, 630, 20, 160  # the plot's box in the SVG of the template
MOST = 12  # of those a note names; all are in the table of students
MOST_BUGS = 15
SLOWEST = 8
REASON_CHARS = 160


def front(found: Class) -> dict[str, Any]:
    """Return what the front page says besides checks and bugs."""
    people, full = found.people, found.max_points
    points = [person.points for person in people]
    counts = spread.histogram(points, full)
    marks = Summary.of(points)
    seconds = [person.verdict.seconds for person in people]
    levels = Counter(person.verdict.isolation for person in people)
    dates = Counter(person.score.due for person in people if person.score.due is not None)
    due = min(dates, key=lambda date: (-dates[date], date)) if dates else None
    return {
        "marks": marks,
        "max_points": full,
        "levels": ", ".join(sorted(levels)) or "none yet",
        "isolation": spread.bars(sorted(levels.items())),
        "has_none": "none" in levels,
        "chart": _chart(counts, marks, full),
        "chart_label": "Submissions by points, lowest to highest: " + ", ".join(map(str, counts)),
        "part_rows": spread.parts(people),
        "troubled": [person for person in by_need(people) if person.problems],
        "by_hand": [person for person in people if person.score.needs_manual_grade],
        "waiting": found.waiting,
        "missing": found.missing,
        "refused": found.refused,
        "regraded": sorted({name for verdict in found.verdicts for name in verdict.regraded}),
        "seconds": Summary.of(seconds),
        "total_s": sum(seconds),
        "times": spread.times(people),
        "slowest": sorted(people, key=lambda person: -person.verdict.seconds)[:SLOWEST],
        "handed_in": spread.handed_in(people),
        "due": shown(due, found.zone) if due is not None else "",
        "late": [person for person in people if person.score.late_s],
        "extended": sum(count for date, count in dates.items() if date != due),
        "most": MOST,
        "most_bugs": MOST_BUGS,
    }


def by_need(people: list[Person]) -> list[Person]:
    """Return those with a problem first, then by points."""
    return sorted(people, key=lambda person: (not person.problems, person.points, person.name))


def row(person: Person) -> dict[str, Any]:
    """Return a row of the table of students."""
    said = [*person.problems, *person.reasons]
    has_problem = bool(person.problems)
    late = "late" if person.score.late_s else ""
    hand = "hand" if person.score.needs_manual_grade else ""
    return {
        "name": person.name,
        "page": person.page,
        "points": person.points,
        "max_points": person.score.max_points,
        "more": "; ".join(filter(None, [person.made_of, person.measured])),
        "seconds": person.verdict.seconds,
        "is": " ".join(filter(None, ["problem" if has_problem else "", late, hand])),
        "problem": cut(said[0], REASON_CHARS) if has_problem else "",
        "reason": cut(said[0], REASON_CHARS) if said and not has_problem else "",
        "others": max(len(said) - 1, 0),
    }


def _chart(counts: list[int], marks: Summary, full: float) -> dict[str, Any]:
    width = (RIGHT - LEFT) / BINS
    highest = max([*counts, 1])
    bars = []
    for index, count in enumerate(counts):
        height = (BOTTOM - TOP - 14) * count / highest
        bars.append(
            {
                "x": round(LEFT + index * width + 3, 1),
                "y": round(BOTTOM - height, 1),
                "width": round(width - 6, 1),
                "height": round(height, 1),
                "middle": round(LEFT + (index + 0.5) * width, 1),
                "count": count,
                "left": round(LEFT + index * width, 1),
                "from": f"{full * index / BINS:.3g}",
            }
        )

    def at(value: float) -> float:
        share = min(max(value / full, 0.0), 1.0) if full else 0.0
        return round(LEFT + share * (RIGHT - LEFT), 1)

    lower, middle, upper = at(marks.lower), at(marks.median), at(marks.upper)
    return {"bars": bars, "lower": lower, "median": middle, "upper": upper}
