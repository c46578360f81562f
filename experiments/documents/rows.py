"""The rows of the documents' table: what the document prints, what the paper has, how we train.

Document D1's table gives successes in 10 trials "(task error < 1 %)". It does not define its
order tasks beyond their names; the readings taken here are the plain ones, and each row says
which. A row lists for every learner its budget (training sequences a seed), batch and rate.

Rates come from a small search on 3 or 4 seeds at a fraction of the budget: two or three of 0.001 to
0.01 for the batch learners, 0.02, 0.05 and 0.1 for RTRL, 0.1, 0.2 and 0.5 for the 1997 net on
Reber; elsewhere the 1997 net has the paper's rate for the nearest task. First budgets are what
about a minute (T = 100) or two (T = 1000) on one core allows. Cells that this cut short, while
their curves rose or because others report that such a net does learn the task, have a longer one
(``LONGER``). A net that does not pass says what it can do at the end (``tables.ending``).

A forget gate that starts at a bias of 1 keeps for four steps. "Chrono start" spreads the gates'
biases so that they keep for 1 to T steps (Tallec & Ollivier 2018), for 1 to 100 on Reber strings;
minGRU always starts so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from experiments.documents.run import run_cell
from experiments.harness.registry import Parameters, Rows, register

SEEDS = 10  # of each learner

ERROR_BELOW = "error < 0.04 on at least 99 % of 2,560 fresh sequences"
RIGHT_CLASS = "right class on at least 99 % of 2,560 fresh sequences"
ALL_LEGAL = "all legal symbols ranked highest in 256 training and 256 other strings"


@dataclass(frozen=True)
class Row:
    """One line of the documents' table."""

    name: str  # of the experiment, behind "documents-"
    title: str  # as the document prints it
    task: str  # a key of tasks.seeded.TASKS, or "reber"
    reading: str  # the task, exactly
    criterion: str
    document: dict[str, str]  # the cells as printed, by learner
    paper: str  # what the 1997 paper has for it
    seconds: float  # of a cell, about
    learners: dict[str, dict[str, Any]] = field(default_factory=dict)


def _printed(lstm: str, others: str = "—") -> dict[str, str]:
    """Return a line of cells: RTRL and TDNN, BPTT and Elman, LSTM."""
    return {"rtrl": others, "bptt": "0/10", "tdnn": others, "elman": "0/10", "lstm1997": lstm}


def _batch(budget: int, batch: int, rate: float, **others: Any) -> dict[str, Any]:
    return {"kind": "batch", "budget": budget, "batch": batch, "rate": rate, "clip": 1.0, **others}


def _online(learner: str, net: str, budget: int, rate: float) -> dict[str, Any]:
    return {"kind": "online", "learner": learner, "net": net, "budget": budget, "rate": rate}


def _guess(budget: int) -> dict[str, Any]:
    return {"kind": "guess", "budget": budget}


def _hundred(
    net: str, rate: float, budget: int = 100_000, identity: float = 0.0005
) -> dict[str, dict[str, Any]]:
    """Return how the learners train at T = 100."""
    return {
        "rtrl": _online("rtrl", "8", 12_000, 0.1),
        "bptt": _batch(64_000, 8, 0.002),
        "tdnn": _batch(100_000, 16, 0.005),
        "elman": _batch(100_000, 16, 0.005),
        "lstm1997": _online("lstm1997", net, budget, rate),
        "orthogonal": _batch(64_000, 8, 0.002),
        "identity": _batch(100_000, 8, identity),
        "lstm": _batch(48_000, 8, 0.01),
        "lstm-chrono": _batch(64_000, 8, 0.01, net="lstm-chrono-100"),
        "gru": _batch(64_000, 8, 0.005),
        "gru-chrono": _batch(64_000, 8, 0.01, net="gru-chrono-100"),
        "mingru": _batch(64_000, 16, 0.01),
        "s4d": _batch(32_000, 16, 0.01),
        "mamba": _batch(20_000, 8, 0.01),
        "transformer": _batch(120_000, 16, 0.005),
        "guessing": _guess(200_000),
    }


def _thousand(net: str, rate: float, mingru: float = 0.01) -> dict[str, dict[str, Any]]:
    """Return how the learners train at T = 1000."""
    return {
        "rtrl": _online("rtrl", "8", 1_536, 0.1),
        "bptt": _batch(16_000, 8, 0.002),
        "tdnn": _batch(20_000, 16, 0.005),
        "elman": _batch(20_000, 16, 0.005),
        "lstm1997": _online("lstm1997", net, 16_000, rate),
        "orthogonal": _batch(16_000, 8, 0.002),
        "identity": _batch(24_000, 8, 0.001),
        "lstm": _batch(12_800, 8, 0.01),
        "lstm-chrono": _batch(16_000, 8, 0.01, net="lstm-chrono-1000"),
        "gru": _batch(12_800, 8, 0.005),
        "gru-chrono": _batch(16_000, 8, 0.01, net="gru-chrono-1000"),
        "mingru": _batch(20_000, 8, mingru),
        "s4d": _batch(6_400, 8, 0.01),
        "mamba": _batch(4_800, 8, 0.01),
        "transformer": _batch(16_000, 8, 0.003),
        "guessing": _guess(20_000),
    }


_ADDING = (
    "experiment 4 of the 1997 paper: values in [-1, 1], one mark in the first ten steps, one in "
    "the first half, target 0.5 + (X1 + X2)/4, length T to 1.1 T"
)
_PRODUCT = (
    "experiment 5 of the 1997 paper: values in [0, 1], one mark in the first ten steps, one in the "
    "first half, target X1 X2, length T to 1.1 T"
)

# Budgets of cells that their first one cut short: (row, learner) -> sequences of a seed.
LONGER: dict[tuple[str, str], int] = {
    ("reber", "s4d"): 120_000,
    ("reber", "transformer"): 120_000,
    ("adding-100", "gru"): 400_000,
    ("adding-100", "lstm"): 240_000,
    ("adding-100", "lstm1997"): 600_000,
    ("adding-100", "mamba"): 80_000,
    ("adding-100", "s4d"): 120_000,
    ("adding-100", "transformer"): 240_000,
    ("multiplication-100", "lstm1997"): 1_500_000,
    ("multiplication-100", "s4d"): 240_000,
    ("multiplication-100", "transformer"): 240_000,
    ("order-2-100", "gru"): 500_000,
    ("order-2-100", "lstm"): 240_000,
    ("order-2-100", "mamba"): 80_000,
    ("order-5-100", "gru"): 500_000,
    ("order-5-100", "mamba"): 80_000,
    ("adding-1000", "mingru"): 60_000,
    ("multiplication-1000", "gru-chrono"): 80_000,
    ("multiplication-1000", "lstm-chrono"): 80_000,
    ("multiplication-1000", "mingru"): 60_000,
    ("order-4-noisy-1000", "lstm-chrono"): 64_000,
    ("order-4-noisy-1000", "mingru"): 60_000,
}

ROWS = [
    Row(
        "reber",
        "Embedded Reber Grammar",
        "reber",
        "experiment 1 of the 1997 paper: 256 training and 256 other test strings for each seed; "
        "wanted at each step are all symbols that may come next",
        ALL_LEGAL,
        _printed("10/10", others="0/10"),
        "1: RTRL 'some fraction', RCC 50 %, Elman 0 % (quoted), LSTM 97 to 100 % of 30 trials; "
        "BPTT and TDNN were not run",
        20,
        {
            "rtrl": _online("rtrl", "12", 40_960, 0.02),
            "bptt": _batch(100_000, 16, 0.01),
            "tdnn": _batch(100_000, 16, 0.01),
            "elman": _batch(100_000, 16, 0.01),
            "lstm1997": _online("lstm1997", "reber-3x2", 204_800, 0.1),
            "lstm1997-4x1": _online("lstm1997", "reber-4x1", 204_800, 0.1),
            "lstm1997-1x1": _online("lstm1997", "reber-1x1", 204_800, 0.1),
            "orthogonal": _batch(100_000, 16, 0.01),
            "identity": _batch(100_000, 16, 0.003),
            "lstm": _batch(60_000, 16, 0.01),
            "lstm-chrono": _batch(60_000, 16, 0.01, net="lstm-chrono-100"),
            "gru": _batch(80_000, 16, 0.01),
            "gru-chrono": _batch(80_000, 16, 0.01, net="gru-chrono-100"),
            "mingru": _batch(60_000, 16, 0.01),
            "s4d": _batch(30_000, 16, 0.01),
            "mamba": _batch(30_000, 16, 0.01),
            "transformer": _batch(30_000, 16, 0.005),
            "guessing": _guess(200_000),
        },
    ),
    Row(
        "adding-100",
        "Addition Problem (T=100)",
        "adding-100",
        _ADDING,
        ERROR_BELOW,
        _printed("10/10"),
        "4 at T=100: 74,000 sequences on average of 10, 1 wrong of 2,560",
        50,
        _hundred("adding", 0.5, 150_000, identity=0.001),
    ),
    Row(
        "multiplication-100",
        "Multiplication (T=100)",
        "multiplication-100",
        _PRODUCT,
        ERROR_BELOW,
        _printed("10/10"),
        "5: 482,000 sequences to 139 wrong of 2,560, 1,273,000 to 14 wrong, on average of 10",
        50,
        _hundred("multiplication", 0.1, identity=0.001),
    ),
    Row(
        "order-2-100",
        "2-class Temporal Order",
        "order-2-100",
        "experiment 6a of the 1997 paper with the two classes XY and YX",
        RIGHT_CLASS,
        _printed("10/10"),
        "not in the paper; its 6a has 4 classes: 31,390 sequences on average of 20",
        50,
        _hundred("order-4", 0.5),
    ),
    Row(
        "order-4-noisy-1000",
        "Noisy Temporal Order (T=1000)",
        "order-4-noisy-1000",
        "experiment 6a of the 1997 paper ten times longer (symbols in 100-200 and 500-600, length "
        "1000 to 1100) with Gaussian noise of variance 0.01 on all inputs",
        RIGHT_CLASS,
        _printed("9/10"),
        "not in the paper; its longest order task has 110 steps, without noise",
        90,
        _thousand("order-4", 0.5, mingru=0.005),
    ),
    Row(
        "order-5-100",
        "5-class Temporal Order",
        "order-5-100",
        "experiment 6b of the 1997 paper with five of its eight classes: XXX XXY XYX XYY YXX",
        RIGHT_CLASS,
        _printed("8/10"),
        "not in the paper; its 6b has 8 classes: 571,100 sequences on average of 10",
        50,
        _hundred("order-8", 0.1),
    ),
    Row(
        "adding-1000",
        "Add (T=1000)",
        "adding-1000",
        _ADDING,
        ERROR_BELOW,
        _printed("6/10"),
        "4 at T=1000: 853,000 sequences on average of 10, no failure reported",
        90,
        _thousand("adding", 0.5),
    ),
    Row(
        "multiplication-1000",
        "Mult (T=1000)",
        "multiplication-1000",
        _PRODUCT,
        ERROR_BELOW,
        _printed("5/10"),
        "not in the paper; multiplication was run at T=100 only",
        90,
        _thousand("multiplication", 0.1),
    ),
]

# The order of the table's columns, and what they are called.
COLUMNS = {
    "rtrl": "RTRL",
    "bptt": "BPTT, tanh",
    "tdnn": "TDNN",
    "elman": "Elman",
    "lstm1997": "LSTM 1997",
    "orthogonal": "orthogonal",
    "identity": "identity",
    "lstm": "LSTM, forget gate",
    "lstm-chrono": "LSTM, chrono start",
    "gru": "GRU",
    "gru-chrono": "GRU, chrono start",
    "mingru": "minGRU",
    "s4d": "S4D",
    "mamba": "Mamba",
    "transformer": "transformer",
    "guessing": "weight guessing",
}


def table_documents() -> list[dict[str, Any]]:
    """Return the rows as plain data for printing: titles, the document's cells, the paper's note.

    ``experiment`` names the result whose trials, by learner, hold the measured cells.
    """
    return [
        {
            "experiment": f"documents-{row.name}",
            "title": row.title,
            "reading": row.reading,
            "criterion": row.criterion,
            "document": row.document,
            "paper": row.paper,
        }
        for row in ROWS
    ]


def parameters_of(row: Row, learner: str, quick: bool) -> Parameters:
    """Return everything that decides a cell; a quick run has fewer seeds and sequences."""
    given = {"task": row.task, "criterion": row.criterion, "net": learner, **row.learners[learner]}
    given["budget"] = LONGER.get((row.name, learner), given["budget"])
    less = 3 if row.task == "reber" else 10
    budget = given["budget"] // less if quick else given["budget"]
    return {**given, "budget": budget, "seeds": 3 if quick else SEEDS}


def _trials_of(row: Row) -> Rows:
    return lambda quick: {name: parameters_of(row, name, quick) for name in row.learners}


for _row in ROWS:
    register(
        f"documents-{_row.name}",
        "documents",
        f"the documents' row '{_row.title}': {_row.criterion}",
        run_cell,
        _trials_of(_row),
        _row.seconds,
    )
