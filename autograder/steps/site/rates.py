"""How many pass each check, and what the visible tests had told them before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from autograder.steps.site.bugs import Bug, bugs
from autograder.steps.site.people import Person
from autograder.verdict import CheckResult, PartResult

FULL = 100.0  # percent


@dataclass
class Rate:
    """One check: who did not pass it, of how many."""

    part: PartResult
    check: CheckResult
    file: str  # of the check's page, without .html
    total: int = 0
    failed: list[tuple[Person, PartResult, CheckResult]] = field(default_factory=list)
    prepared: int = 0  # of whom the part's visible tests ran without error
    surprised: int = 0  # of those, who did not pass

    @property
    def passed(self) -> int:
        return self.total - len(self.failed)

    @property
    def percent(self) -> float:
        return FULL * self.passed / self.total if self.total else 0.0

    @property
    def bugs(self) -> list[Bug]:
        return bugs(self.failed)

    @property
    def page(self) -> str:
        """The address of the check's page, from the front page."""
        return f"checks/{self.file}.html"


def rates(people: Sequence[Person]) -> list[Rate]:
    """Return every check of a class, in the order of the exercise."""
    found: dict[tuple[str, str], Rate] = {}
    for person in people:
        for part in person.verdict.parts:
            for check in part.checks:
                key = (part.grade_id, check.name)
                if key not in found:
                    found[key] = Rate(part, check, f"{len(found) + 1:03d}")
                rate = found[key]
                rate.total += 1
                is_prepared = person.visible.get(part.grade_id, False)
                rate.prepared += is_prepared
                if not check.passed:
                    rate.surprised += is_prepared
                    rate.failed.append((person, part, check))
    return list(found.values())
