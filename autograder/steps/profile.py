"""What `grade --profile` shows: each stage's seconds, in all and for each submission."""

from __future__ import annotations

from dataclasses import dataclass, field

from autograder import stages
from autograder.stages import Seconds, Spent


@dataclass
class Profile:
    """Seconds by stage: of this command, of all workers together, and what they share."""

    command: dict[str, Seconds] = field(default_factory=dict)
    workers: dict[str, Seconds] = field(default_factory=dict)
    once: dict[str, float] = field(default_factory=dict)
    submissions: int = 0

    def add(self, spent: Spent) -> None:
        """Count what one submission took."""
        self.submissions += 1
        self.once |= spent.once
        for name, (wall, cpu) in spent.seconds.items():
            before = self.workers.get(name, (0.0, 0.0))
            self.workers[name] = (before[0] + wall, before[1] + cpu)

    def rows(self) -> list[tuple[str, str, str, str, str, str]]:
        """Return stage, where, wall clock, processor time, its share, and it per submission.

        What does not grow with the number of submissions has nothing in the last column.
        """
        self.command |= stages.take()
        found = [("once", name, (0.0, cpu)) for name, cpu in self.once.items()]
        found += [("command", name, seconds) for name, seconds in self.command.items()]
        found += [("workers", name, seconds) for name, seconds in self.workers.items()]
        total = sum(cpu for _, _, (_, cpu) in found) or 1.0
        return [
            (
                name,
                where,
                f"{wall:.2f}" if wall else "",
                f"{cpu:.2f}",
                f"{cpu / total:.0%}",
                f"{cpu / self.submissions:.3f}" if where == "workers" else "",
            )
            for where, name, (wall, cpu) in found
        ] + [("all", "", "", f"{total:.2f}", "100%", "")]
