"""What the documents' table, run again, says of the claims that it makes."""

from __future__ import annotations

from collections.abc import Mapping

from experiments.harness.registry import Finding, Outcome, reading

Trials = Mapping[str, Mapping[str, Outcome]]


def _count(cell: Outcome) -> str:
    """Say how many seeds solved a row, and within what."""
    return f"{cell['solved']} of {cell['of']} within {cell['budget']:,} sequences"


@reading("reber-table-zero-of-ten", "documents-reber")
def _reber_zeros(trials: Trials) -> Finding:
    cells = trials["documents-reber"]
    names = {"rtrl": "RTRL", "bptt": "BPTT", "tdnn": "TDNN", "elman": "Elman"}
    said = ", ".join(f"{name} {_count(cells[key])}" for key, name in names.items())
    solved = sum(cells[key]["solved"] for key in names)
    text = f"On the embedded Reber grammar: {said}; the LSTM of 1997 {_count(cells['lstm1997'])}."
    return Finding(text, solved > 0)


@reading("one-cell-solves-reber", "documents-reber")
def _one_cell(trials: Trials) -> Finding:
    cells = trials["documents-reber"]
    one = cells["lstm1997-1x1"]
    best = max(seed["right"] for seed in one["seeds"])
    others = ", ".join(
        f"{blocks}: {_count(cells[key])}"
        for blocks, key in (("4x1", "lstm1997-4x1"), ("3x2", "lstm1997"))
    )
    text = (
        f"One block of one cell ({one['weights']} weights): {_count(one)}, at best "
        f"{best:.1%} of the strings right; {others}."
    )
    return Finding(text, one["solved"] == 0)


@reading("bptt-adding-zero-of-ten", "documents-adding-100")
def _bptt_adding(trials: Trials) -> Finding:
    cells = trials["documents-adding-100"]
    names = {"bptt": "tanh", "orthogonal": "orthogonal tanh", "identity": "identity ReLU"}
    said = ", ".join(f"{name} {_count(cells[key])}" for key, name in names.items())
    text = f"Full BPTT on adding at T=100, which the paper did not run: {said}."
    # The verdict is about what the paper reports; nets that solve the task speak against the 0.
    return Finding(text, sum(cells[key]["solved"] for key in names) > 0)
