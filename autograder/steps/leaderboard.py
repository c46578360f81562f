"""The leaderboard: what entries have scored, as a page that anybody may see.

The scores are those that checks have measured (`Verdict.measured`). On the page is whoever is in
the gradebook with this verdict, under a pseudonym; a name only of those who have agreed to it.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from autograder.course.directory import Course
from autograder.course.files import write_atomically
from autograder.errors import AutograderError
from autograder.steps.pages import render
from autograder.steps.pseudonyms import pseudonym
from autograder.steps.scores import read_scores

MAX_NAMES = 2**20  # bytes of a list of names
REFERENCE = "reference_"  # begins the names of scores that entries are held against
FULL_WIDTH = 100.0  # percent


class Entry(NamedTuple):
    """A row of the page."""

    name: str
    measured: dict[str, float]
    place: int = 0  # none for a reference

    @property
    def score(self) -> float:
        return self.measured["score"]

    @property
    def counts(self) -> bool:
        """Whether it has a place: what was over a budget has none."""
        return self.measured.get("within_budget", 1.0) > 0


def leaderboard(
    course: Course, assignment: str, output: Path | None = None, names: Path | None = None
) -> Path:
    """Write the leaderboard of an assignment and return its path.

    ``names`` is a list of those who have agreed to be named (`read_names`).

    Raises AutograderError when no check of the assignment measures a score.
    """
    course.require_released(assignment)
    agreed = read_names(names) if names is not None else {}
    scores = read_scores(course, assignment)
    entries = []
    for student in course.graded(assignment):
        verdict, score = course.read_verdict(assignment, student), scores.get(student)
        if verdict is None or score is None or not score.agrees_with(verdict):
            continue
        if "score" in verdict.measured:
            alias = pseudonym(course.settings.seed, assignment, student)
            entries.append(Entry(agreed.get(student, alias), verdict.measured))
    if not entries:
        raise AutograderError(
            f"no submission of {assignment!r} has a score for a leaderboard",
            str(course.root),
            f"Run 'autograder grade {assignment}'. Only an assignment whose checks measure a "
            "score has a leaderboard: the capstone does.",
        )
    target = output or course.root / "leaderboard" / f"{assignment}.html"
    write_atomically(target, page(assignment, entries).encode())
    return target


def read_names(path: Path) -> dict[str, str]:
    """Read who has agreed to be named: a line for each, ``STUDENT`` or ``STUDENT, name to show``.

    Empty lines and lines that begin with # do not count.
    """
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig") if len(data) <= MAX_NAMES else None
    except (OSError, UnicodeDecodeError) as error:
        raise AutograderError(
            f"cannot read the list of names: {error}", str(path), "It is text, a student a line."
        ) from error
    if text is None:
        raise AutograderError("the list of names is too long", str(path), "Is it another file?")
    names = {}
    for line in text.splitlines():
        student, _, shown = (part.strip() for part in line.partition(","))
        if student and not student.startswith("#"):
            names[student] = shown or student
    return names


def placed(entries: list[Entry]) -> list[Entry]:
    """Return the entries that count, the best first, with their places; equals share one."""
    ranked = sorted((entry for entry in entries if entry.counts), key=_rank)
    scores = [entry.score for entry in ranked]
    return [entry._replace(place=1 + scores.index(entry.score)) for entry in ranked]


def _rank(entry: Entry) -> tuple[float, float, str]:
    return -entry.score, entry.measured.get("parameters", 0.0), entry.name


def references(entries: list[Entry]) -> list[Entry]:
    """Return what the entries are held against, as the checks have measured it."""
    found: dict[str, float] = {}
    for entry in entries:
        known = entry.measured.items()
        found |= {key: value for key, value in known if key.startswith(REFERENCE)}
    return [
        Entry(f"our {key.removeprefix(REFERENCE)} entry", {"score": value})
        for key, value in found.items()
    ]


def page(assignment: str, entries: list[Entry]) -> str:
    """Return the leaderboard as HTML."""
    ours, counted = references(entries), placed(entries)
    rows = sorted([*counted, *ours], key=lambda entry: -entry.score)
    # With references the bars begin at the weakest one, or all would look alike.
    begin = min((entry.score for entry in ours), default=0.0)
    return render(
        "leaderboard.html.j2",
        assignment=assignment,
        rows=[_row(entry, begin) for entry in rows],
        places=len(counted),
        begin=f"{100 * begin:.1f}" if ours else "",
        left_out=len(entries) - len(counted),
    )


def _row(entry: Entry, begin: float) -> dict[str, str | int]:
    """Return the texts of a row; what was not measured is a dash.

    Its bar begins at the score ``begin`` and ends at 1.
    """
    known = entry.measured
    share = (entry.score - begin) / (1 - begin) if begin < 1 else 0.0
    error, weights, seconds = (known.get(name) for name in ("score_error", "parameters", "seconds"))
    return {
        "place": entry.place,
        "name": entry.name,
        "score": f"{100 * entry.score:.1f}",
        "error": "" if error is None else f"{100 * error:.1f}",
        "percent": f"{min(max(FULL_WIDTH * share, 0.0), FULL_WIDTH):.1f}",
        "weights": "–" if weights is None else f"{weights:,.0f}",
        "seconds": "–" if seconds is None else f"{seconds:.1f} s",
    }
