"""The row of adding with the second mark moved: learners and training of the documents' table."""

from __future__ import annotations

from experiments.documents.moved import run_moved
from experiments.documents.rows import ROWS, parameters_of
from experiments.harness.registry import Parameters, register

SAME = next(row for row in ROWS if row.name == "adding-100")
LEARNERS = ("bptt", "orthogonal", "identity", "lstm", "lstm-chrono", "gru", "gru-chrono")
LEARNERS += ("mingru", "s4d", "mamba", "transformer")


def rows(quick: bool) -> dict[str, Parameters]:
    """Return what the table's cells of adding at T = 100 are run with, the first budgets."""
    found = {}
    for learner in LEARNERS:
        same = parameters_of(SAME, learner, quick) | {"budget": SAME.learners[learner]["budget"]}
        budget = same["budget"] // 10 if quick else same["budget"]
        kept = {name: same[name] for name in ("net", "batch", "rate", "clip", "seeds")}
        found[learner] = {**kept, "budget": budget, "minimum": 100}
    return found


register(
    "documents-adding-moved",
    "documents",
    "adding, T = 100, with the second mark in the last half: the documents' learners and training",
    run_moved,
    rows,
    30,
)
