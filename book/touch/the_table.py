"""The documents' table, cell by cell: learning curve, who passed when, the rule and the budget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rerun import learners
from results_of_1997 import DOCUMENTS

from experiments.documents.rows import COLUMNS, ROWS
from experiments.documents.run import WANTED
from experiments.tables import printed
from touch import (
    Axis,
    Choice,
    Curve,
    Frame,
    Number,
    Panel,
    Settings,
    Slider,
    Text,
    TouchFigure,
)

PARTS = 32  # of a budget
NETS = 10
Outcome = dict[str, Any]

TASKS = [row.title for row in ROWS]
CELLS: list[list[Outcome]] = [[learners(row.name)[learner] for learner in COLUMNS] for row in ROWS]


def percent(cell: Outcome) -> list[int]:
    """Return the share right among the nets still training, at every part of the budget.

    Between two points of the stored curve the earlier one stands; before the first, the first;
    when no net is left, the last. Weight guessing has no curve: nothing in it learns.
    """
    curve = sorted(cell["curve"])
    if not curve:
        return [0] * (PARTS + 1)
    places = (cell["budget"] * part / PARTS for part in range(PARTS + 1))
    at = ([point for point in curve if point[0] <= place] or curve[:1] for place in places)
    return [round(100 * points[-1][1]) for points in at]


def moments(cell: Outcome) -> list[int]:
    """Return after how many sequences each net passed, 0 for one that did not."""
    return [seed["sequences"] if seed["solved"] else 0 for seed in cell["seeds"]]


DATA: dict[str, Any] = {
    "curves": [[percent(cell) for cell in row] for row in CELLS],
    "moments": [[moments(cell) for cell in row] for row in CELLS],
    "right": [
        [[round(100 * seed["right"]) for seed in cell["seeds"]] for cell in row] for row in CELLS
    ],
    "budgets": [[cell["budget"] for cell in row] for row in CELLS],
    "words": [[printed.cell([cell])[1] for cell in row] for row in CELLS],
    "rules": [row[0]["criterion"] for row in CELLS],
    "needed": [1.0 if row.task == "reber" else WANTED for row in ROWS],
}


def of(key: str, settings: Settings) -> Any:
    """Return what the data hold for the chosen cell."""
    return DATA[key][int(settings["task"])][int(settings["learner"])]


def right(settings: Settings) -> list[float]:
    """Return the learning curve."""
    return [value / 100 for value in of("curves", settings)]


def needed(settings: Settings) -> list[float]:
    """Return the share that passes."""
    return [float(DATA["needed"][int(settings["task"])])] * (PARTS + 1)


def stopped(settings: Settings) -> float:
    """Return the number of sequences at which the reader stops."""
    return float(of("budgets", settings) * settings["percent"] / 100)


def passed(net: int) -> Callable[[Settings], list[float]]:
    """Return one net's row: full from the part of the budget in which it passed to the stop."""

    def row(settings: Settings) -> list[float]:
        moment, budget = of("moments", settings)[net], of("budgets", settings)
        stop, width = stopped(settings), budget / (PARTS + 1)
        return [
            float(0 < moment <= min(stop, width * (part + 1)) and width * part < stop)
            for part in range(PARTS + 1)
        ]

    return row


def done(settings: Settings) -> float:
    """Return how many nets had passed at the stop."""
    stop = stopped(settings)
    return float(sum(0 < moment <= stop for moment in of("moments", settings)))


def ends(settings: Settings) -> list[str]:
    """Return when each net passed, or what it can do at the end of the budget."""
    pairs = zip(of("moments", settings), of("right", settings), strict=True)
    return [f"{moment:,}" if moment else f"{share} %" for moment, share in pairs]


FIGURE = TouchFigure(
    title="The table, cell by cell, to touch",
    alt=(
        "Above, the share of right answers among the nets still training, over the budget, and the "
        "share that passes. Below, a row for each of ten nets that fills when it passes, with the "
        "number of sequences beside it; a net that never passes shows its share right at the end."
    ),
    across="share of the budget",
    frame=Frame(width=260, last=PARTS, tick=PARTS // 4, names=("0", "¼", "½", "¾", "all")),
    panels=(
        Panel(110, Axis("right, of the nets still training", 0, 1, 0.25)),
        Panel(0, None),
    ),
    controls=(
        Choice("task", "Task", tuple(TASKS), TASKS.index("Addition Problem (T=100)")),
        Choice("learner", "Learner", tuple(COLUMNS.values()), list(COLUMNS).index("mingru")),
        Slider("percent", "Stop after this percent of the budget", 5, 100, 5, 100),
    ),
    curves=(
        Curve("right", "mean", "flow", "-", right),
        Curve("needed", "passes", "error", "--", needed),
        *(Curve(f"net{net}", f"{net + 1}", "lstm1997", "-", passed(net), 1) for net in range(NETS)),
    ),
    says=(
        "{task}, {learner}: {words}. What passes: {rule}. After {percent} percent of the budget "
        "{done} of "
        f"{NETS} had passed."
    ),
    data=DATA,
    numbers=(Number("done", done),),
    texts=(
        Text("rows", lambda settings: [f"{net + 1}" for net in range(NETS)]),
        Text("ends", ends),
        Text("sides", lambda settings: ["net", "passed after, or right at the end"]),
        Text("words", lambda settings: [of("words", settings)]),
        Text("rule", lambda settings: [DATA["rules"][int(settings["task"])]]),
    ),
    files=DOCUMENTS,
)
