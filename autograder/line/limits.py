"""How much of the machine one submission may use, and how it is kept from the rest."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from autograder.inside.rules import Rules

Engine = Literal["podman", "docker"]  # of containers
Isolation = Literal["bwrap", Engine, "user", "none"]


@dataclass(frozen=True)
class Limits(Rules):
    """The rules of each student process, and limits that this side keeps watch over."""

    cell_s: float = 20.0  # wall clock of one cell
    call_s: float = 10.0  # wall clock of one call from a check
    total_s: float = 120.0  # wall clock of one submission
    restarts: int = 12  # fresh processes after a crash or a time-out

    def rules(self) -> dict[str, int]:
        """Return what the process is told."""
        return {rule.name: getattr(self, rule.name) for rule in fields(Rules)}
