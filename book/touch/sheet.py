"""The sheet: every layer of the course, sorted and filtered by the reader's own budget.

Values are means of the experiments ``sheet-*``; a scatter shows two columns, bars below a third.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sheet

from experiments.sheet.layers import LAYERS
from touch import Choice, Curve, Frame, Number, Panel, Settings, Slider, Text, TouchFigure

NAMES = tuple(LAYERS)
LETTERS = "ABCDEFGHIJKLMNOP"
CELLS = 12  # of a bar
EDGE = 0.05  # of the scatter, kept free on each side
FAINT = 0.15  # of what is over the budget
COLUMNS = (
    "variance explained in adding",
    "share right in recall",
    "share right in permutations",
    "loss on text",
    "state after 1,000 tokens",
    "time of one more token",
    "training time of a token",
    "gradient left over 100 steps",
)
ONLY = ("all layers", "those trained without a loop", "those with a state of fixed size")
STATE, STEP, TEXT, RECALL = 4, 5, 3, 1  # columns


def family(name: str) -> str:
    """Return the colour of a layer: a loop, a linear recurrence, or attention."""
    return "attention" if name in sheet.GROWS else "rnn" if name in sheet.LOOPS else "ssm"


TABLE = [
    {
        "name": f"{letter} {LAYERS[name].name.replace(', chrono start', ', chrono')}",
        "loop": name in sheet.LOOPS,
        "grows": name in sheet.GROWS,
        "values": [sheet.value(name, column.name) for column in sheet.COLUMNS],
        "written": [sheet.written(name, column.name) for column in sheet.COLUMNS],
        "places": [sheet.place(name, column.name) for column in sheet.COLUMNS],
        "goodness": [sheet.goodness(name, column.name) for column in sheet.COLUMNS],
    }
    for letter, name in zip(LETTERS, NAMES, strict=True)
]
ENDS = [
    [
        next(row["written"][number] for row in TABLE if row["places"][number] == end)
        for end in (0, 1)
    ]
    for number in range(len(sheet.COLUMNS))
]


def within(number: int, settings: Settings) -> bool:
    """Return whether a layer is asked for and within the budget."""
    row = TABLE[number]
    asked = not (row["loop"] if settings["only"] == 1 else row["grows"] and settings["only"] == 2)
    small = row["values"][STATE] <= 10 ** settings["state"]
    return asked and small and row["values"][STEP] <= 10 ** settings["time"]


def order(settings: Settings) -> list[int]:
    """Return the layers, those within the budget first, the best of the chosen column on top."""
    by = int(settings["sort"])
    return sorted(
        range(len(NAMES)),
        key=lambda number: (not within(number, settings), -TABLE[number]["goodness"][by]),
    )


def dot(number: int) -> Callable[[Settings], list[float]]:
    """Return where a layer stands in the scatter, and how full its dot is."""

    def values(settings: Settings) -> list[float]:
        places = TABLE[number]["places"]
        x, y = (EDGE + (1 - 2 * EDGE) * places[int(settings[axis])] for axis in ("x", "y"))
        return [x, y, 1.0 if within(number, settings) else FAINT]

    return values


def bar(rank: int) -> Callable[[Settings], list[float]]:
    """Return the cells of the bar at a rank; one over the budget has none."""

    def values(settings: Settings) -> list[float]:
        number = order(settings)[rank]
        if not within(number, settings):
            return [0.0] * CELLS
        full = 1 + (CELLS - 1) * TABLE[number]["goodness"][int(settings["sort"])]
        return [min(max(full - cell, 0.0), 1.0) for cell in range(CELLS)]

    return values


def rows(settings: Settings) -> list[str]:
    """Return the names of the layers in their order."""
    return [TABLE[number]["name"] for number in order(settings)]


def ends(settings: Settings) -> list[str]:
    """Return the values of the layers in their order."""
    by = int(settings["sort"])
    return [
        TABLE[number]["written"][by] if within(number, settings) else "over"
        for number in order(settings)
    ]


def axis(which: str) -> Callable[[Settings], Sequence[str]]:
    """Return the name of an axis of the scatter, and its lowest and highest value."""

    def words(settings: Settings) -> list[str]:
        column = int(settings[which])
        return [COLUMNS[column], *ENDS[column]]

    return words


def kept(settings: Settings) -> int:
    """Return how many layers are within the budget."""
    return sum(within(number, settings) for number in range(len(NAMES)))


def first(settings: Settings) -> list[str]:
    """Return the best three layers in a sentence."""
    leading = list(zip(rows(settings), ends(settings), strict=True))[: min(3, kept(settings))]
    if not leading:
        return ["none"]
    return [", ".join(f"{name[2:]} ({end})" for name, end in leading)]


FIGURE = TouchFigure(
    title="The sheet, to touch",
    alt=(
        "Above, a scatter of sixteen lettered dots, one a layer: its loss on text against the "
        "bytes of its state. Below, a bar for each layer, sorted by its share right in recall: "
        "attention leads, and layers with a plain vector of state are at the end."
    ),
    across="from the worst layer to the best",
    frame=Frame(width=180, first=1, last=CELLS, tick=CELLS - 1, names=("worst", "best")),
    panels=(Panel(190, None, dots=True), Panel(0, None)),
    controls=(
        Slider("state", "Largest state in bytes, as a power of ten", 2.25, 5.75, 0.125, 5.75),
        Slider("time", "Longest time of a token in µs, as a power of ten", 1, 3.25, 0.125, 3.25),
        Choice("only", "Show", ONLY),
        Choice("sort", "Sort by", COLUMNS, RECALL),
        Choice("x", "Scatter, to the right", COLUMNS, STATE),
        Choice("y", "Scatter, upwards", COLUMNS, TEXT),
    ),
    curves=(
        *(
            Curve(f"dot_{number}", LETTERS[number], family(name), "-", dot(number), 0)
            for number, name in enumerate(NAMES)
        ),
        *(
            Curve(f"bar_{rank}", f"rank {rank + 1}", "flow", "-", bar(rank), 1)
            for rank in range(len(NAMES))
        ),
    ),
    says=(
        "A state of at most {kilobytes} kB, at most {milliseconds} ms for a token, {only}: "
        "{kept} of {all} are left. By {sort}: {first}."
    ),
    data={"table": TABLE, "ends": ENDS, "columns": COLUMNS},
    numbers=(
        Number("kilobytes", lambda settings: 10 ** settings["state"] / 1000),
        Number("milliseconds", lambda settings: 10 ** settings["time"] / 1000),
        Number("kept", kept),
        Number("all", lambda _: len(NAMES)),
    ),
    texts=(
        Text("right", axis("x")),
        Text("up", axis("y")),
        Text("rows", rows),
        Text("ends", ends),
        Text("first", first),
    ),
    files=sheet.FILES,
)
