"""The sheet of chapter 10: every layer of the course in one table of measured values.

Read by the chapter and by its figure to touch; measured by ``python -m experiments run 'sheet-*'``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from committed import committed

from experiments.sheet.layers import LAYERS

FILES = tuple(
    f"experiments/results/sheet-{part}.json"
    for part in ("adding", "recall", "tracking", "text", "cost", "reach")
)
RESULTS = {path.removesuffix(".json").rpartition("-")[2]: committed(path) for path in FILES}
LOOPS = {"rnn", "lstm", "lstm-chrono", "gru", "slstm"}  # trained step by step
GROWS = {"attention"}  # the state grows with the text


class Column(NamedTuple):
    """One column: where its values stand, how they are written, and which way is better.

    ``factor`` turns what was measured into the unit of ``form``; ``log`` says that ratios count.
    """

    name: str
    result: str
    entry: str
    form: Callable[[float], str]
    factor: float = 1.0
    more: bool = True
    log: bool = False


def percent(value: float) -> str:
    """Write a share."""
    return f"{round(100 * value)} %".replace("-", "−")


def power(value: float) -> str:
    """Write what may be tiny."""
    return f"{value:.2f}" if value >= 0.01 else f"1e−{-math.log10(value):.0f}"


def size(value: float) -> str:
    """Write bytes."""
    return f"{value:.0f} B" if value < 1000 else f"{value / 1000:.3g} kB"


COLUMNS = (
    Column("adding", "adding", "quality", percent),
    Column("recall", "recall", "quality", percent),
    Column("permutations", "tracking", "quality", percent),
    Column("text", "text", "quality", lambda nats: f"{nats:.2f} nats", more=False),
    Column("state", "cost", "state_bytes", size, more=False, log=True),
    Column("one more token", "cost", "step_s", lambda us: f"{us:.0f} µs", 1e6, False, True),
    Column("training", "cost", "training_s", lambda us: f"{us:.1f} µs", 1e6, False, True),
    Column("gradient", "reach", "left", power, log=True),
)
BY_NAME = {column.name: column for column in COLUMNS}


def seeds(layer: str, column: str) -> list[float]:
    """Return what every seed came to, or the one measurement."""
    where = BY_NAME[column]
    found: Any = RESULTS[where.result].outcomes[layer][where.entry]
    return [where.factor * value for value in (found if isinstance(found, list) else [found])]


def value(layer: str, column: str) -> float:
    """Return the mean over the seeds; of gradients the geometric one."""
    found = seeds(layer, column)
    if BY_NAME[column].log:
        return math.exp(sum(map(math.log, found)) / len(found))
    return sum(found) / len(found)


def written(layer: str, column: str) -> str:
    """Return the value in words."""
    return BY_NAME[column].form(value(layer, column))


def span(layer: str, column: str) -> str:
    """Return the lowest and the highest seed in words, or one if they read alike."""
    ends = [BY_NAME[column].form(end(seeds(layer, column))) for end in (min, max)]
    unit = ends[0].partition(" ")[2]
    low, high = ends[0].removesuffix(f" {unit}"), ends[1]
    return high if ends[0] == high else f"{low} to {high}"


def place(layer: str, column: str) -> float:
    """Return where a value stands between the lowest (0) and the highest (1) of all layers."""
    scale = math.log if BY_NAME[column].log else float
    values = [scale(value(name, column)) for name in LAYERS]
    return (scale(value(layer, column)) - min(values)) / (max(values) - min(values))


def goodness(layer: str, column: str) -> float:
    """Return the same with the best of all layers at 1."""
    found = place(layer, column)
    return found if BY_NAME[column].more else 1 - found


def best(column: str, count: int = 1, among: Callable[[str], bool] = lambda _: True) -> list[str]:
    """Return the best layers of a column, best first; of equals the one the course had first."""
    names = [name for name in LAYERS if among(name)]
    return sorted(names, key=lambda name: -goodness(name, column))[:count]
