"""Which gradients train which task."""

from __future__ import annotations

from experiments.cuts import training
from experiments.harness.registry import Parameters, register

TIME = 30
WINDOWS = (25, 20, 10)  # steps; what matters lies in steps 1 to 15
COURSES = {
    "adding": {"steps": 1000, "batch": 32, "rate": 0.02, "check": 25},
    "xor": {"steps": 4000, "batch": 32, "rate": 0.01, "check": 100},
}
WORDS = {"adding": "adding", "xor": "delayed XOR"}


def trials(task: str, quick: bool) -> dict[str, Parameters]:
    """Return the full gradient, the rule of 1997, and windows with the state carried on."""
    course = COURSES[task]
    common = {
        "task": task,
        "time": TIME,
        "seeds": list(range(3 if quick else 8)),
        "course": course | {"steps": course["steps"] // (20 if quick else 1)},
    }
    cuts = {"full": (False, TIME), "1997": (True, TIME)}
    cuts |= {f"window-{window}": (False, window) for window in WINDOWS}
    return {
        name: {**common, "truncated": truncated, "window": window}
        for name, (truncated, window) in cuts.items()
    }


def _adding(quick: bool) -> dict[str, Parameters]:
    return trials("adding", quick)


def _xor(quick: bool) -> dict[str, Parameters]:
    found = trials("xor", quick)
    named = {f"{cut}-named": {**found[cut], "task": "named xor"} for cut in ("full", "1997")}
    return {**found, **named}


for _task, _rows, _seconds in (("adding", _adding, 20), ("xor", _xor, 60)):
    register(
        f"cuts-{_task}",
        "cuts",
        f"{WORDS[_task]}, T = {TIME}: the full gradient, windows, and the rule of 1997",
        training.run,
        _rows,
        _seconds,
    )
