"""Who waits for whom, and who has nothing to do meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import svg

from drawing.canvas import FINE, Canvas, Drawing, ink
from drawing.scans import HEADED, ROUND, circuit, hillis_steele, one_by_one

CELL, SPACE = 16.0, 3.0  # one turn of one worker, and what lies between two of them
WIDEST_SHIFT = 18  # turns that fit a phone


def who_waits(*, alt: str, steps: int = 8) -> Drawing:
    """Draw one sequence read by a loop, by a scan and by attention: a row a round.

    A dot takes in what stands at the line's other end; all of a row may happen at once. Raises
    ValueError for steps that are no power of two up to 8.
    """
    if steps not in (2, 4, 8):
        raise ValueError(f"needs 2, 4 or 8 steps, got {steps}")
    canvas = Canvas("Who waits for whom", alt)
    pairs = [[(early, late) for late in range(steps) for early in range(late)]]
    top = 0.0
    for name, rounds, color, high in (
        ("loop", one_by_one(steps), "lstm", ROUND),
        ("scan", hillis_steele(steps), "ssm", ROUND),
        ("attention", pairs, "attention", 3 * ROUND),
    ):
        done = sum(map(len, rounds))
        said = f"{name}: {len(rounds)} round{'s' if len(rounds) > 1 else ''}, {done} lines"
        canvas.label(4, top + 12, said, anchor="start")
        top = circuit(canvas, top + HEADED, rounds, steps, color=color, high=high) + 14
    return canvas.finish()


def shifts(works: Mapping[str, Sequence[int]], *, alt: str, workers: int = 4) -> Drawing:
    """Draw who works when: a row a worker, a column a turn, a full cell where there is work.

    ``works`` gives for each way the pieces of work in every round; a round begins when the one
    before is done. Raises ValueError for a way that takes more turns than a phone shows.
    """
    canvas = Canvas("Who works when", alt)
    top = 0.0
    for name, rounds in works.items():
        taken = schedule(rounds, workers)
        if len(taken) > WIDEST_SHIFT:
            raise ValueError(f"{name}: {len(taken)} turns, a phone shows {WIDEST_SHIFT}")
        share = sum(taken) / (workers * len(taken))
        canvas.label(4, top + 12, name, anchor="start")
        said = f"{len(taken)} turns, {share:.0%} busy"
        canvas.label(4, top + 30, said, anchor="start", size=FINE, color="muted")
        top += 44
        for turn, busy in enumerate(taken):
            for worker in range(workers):
                _cell(canvas, 4 + turn * (CELL + SPACE), top + worker * CELL, worker < busy)
        top += workers * CELL + 12
    return canvas.finish()


def schedule(rounds: Sequence[int], workers: int) -> list[int]:
    """Return how many workers are busy in each turn."""
    taken = []
    for pieces in rounds:
        taken += [workers] * (pieces // workers)
        taken += [pieces % workers] if pieces % workers else []
    return taken


def _cell(canvas: Canvas, left: float, top: float, busy: bool) -> None:
    canvas.add(
        svg.Rect(
            x=round(left, 1),
            y=round(top, 1),
            width=CELL,
            height=CELL - SPACE,
            rx=2,
            fill=ink("flow" if busy else "fill"),
            stroke=ink("rule"),
            stroke_width=0.75,
        )
    )
    canvas.grow(left + CELL + 1, top + CELL)
