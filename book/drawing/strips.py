"""Sequences as strips: every step a stick, those that matter in colour, and what is wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import svg

from drawing.canvas import FINE, Canvas, Drawing, Point, ink
from drawing.label import width

WIDE, HIGH, PITCH = 276.0, 26.0, 68.0
LEFT, HEAD = 4.0, 30.0  # of a strip: its edge, and the room above it for names
FINEST = 0.9  # thickness of a stick where there are many


@dataclass(frozen=True)
class Strip:
    """One sequence: its name, a height for each step, and what is wanted at the end.

    Heights lie in [0, 1], or in [-1, 1] for sticks from a line in the middle (``signed``).
    ``named`` are the steps that decide, by their number, with what stands above them.
    """

    name: str
    heights: Sequence[float]
    wanted: str
    named: Mapping[int, str] = field(default_factory=dict)
    signed: bool = False


def strips(listed: Sequence[Strip], *, alt: str, architecture: str = "lstm1997") -> Drawing:
    """Draw strips one below the other, all of one width, whatever their number of steps.

    Raises ValueError for no strip, a strip without steps, or a named step that it does not have.
    """
    if not listed:
        raise ValueError("needs at least one strip to draw")
    canvas = Canvas("One sequence of each task", alt)
    for number, strip in enumerate(listed):
        missing = [step for step in strip.named if not 0 <= step < len(strip.heights)]
        if not strip.heights or missing:
            raise ValueError(
                f"{strip.name}: {len(strip.heights)} steps, and names for {missing} beyond them"
            )
        _one(canvas, strip, number * PITCH, architecture)
    return canvas.finish()


def _one(canvas: Canvas, strip: Strip, top: float, color: str) -> None:
    """Draw one strip whose name stands at ``top``."""
    canvas.label(LEFT, top + 8, strip.name, anchor="start", size=FINE, color="muted")
    floor, step = top + HEAD + HIGH, WIDE / len(strip.heights)
    zero = floor - HIGH / 2 if strip.signed else floor
    scale = HIGH / 2 if strip.signed else HIGH
    thick = max(FINEST, min(6.0, step * 0.6))

    def sticks(steps: Sequence[int], shade: str) -> None:
        path = " ".join(
            f"M{LEFT + (t + 0.5) * step:.1f} {zero:.1f}"
            f"V{zero - scale * (strip.heights[t] or 0.04):.1f}"
            for t in steps
        )
        canvas.add(
            svg.Path(
                d=path,  # type: ignore[arg-type]
                stroke=ink(shade),
                stroke_width=round(thick if shade == "rule" else max(thick, 2.5), 1),
                fill="none",
            )
        )

    sticks([t for t in range(len(strip.heights)) if t not in strip.named], "rule")
    if strip.named:
        sticks(list(strip.named), color)
    canvas.arrow(
        Point(LEFT, zero + 1), Point(LEFT + WIDE, zero + 1), color="rule", head=False, thick=0.75
    )
    edge = 0.0  # where the last name ends
    for t, name in sorted(strip.named.items()):
        long = width(name, FINE)
        x = max(LEFT + (t + 0.5) * step - long / 2, edge, LEFT)
        canvas.label(x, top + HEAD - 8, name, anchor="start", size=FINE, color=color)
        edge = x + long + 5
    canvas.label(LEFT + WIDE + 8, floor - HIGH / 2, strip.wanted, anchor="start", size=FINE)
    canvas.grow(LEFT + WIDE, floor + 2)
