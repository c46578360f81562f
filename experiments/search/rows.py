"""A bounded search for what the 1997 paper leaves open: one detail of its recipe changed at a time.

Read literally, the printed recipe does not reproduce every figure of the paper. Each row changes
one detail (or two) that the text leaves open and trains eight seeds. The factor 2 of the
derivative of a squared error is the same thing as twice the learning rate. Stop rules over the
last sequences are tested after every sequence, which is the most lenient reading.

Tasks 2a and 2b add the cell to a net whose error no longer falls. When that is, is open too:
"late-cell" waits for it, "outputs-first" gives the outputs a fixed, short time of their own. In
tasks 4 and 5, "two-marks" leaves out the sequences whose first pair is one of the two that count.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from experiments.ablations import online
from experiments.harness.registry import Parameters, Rows, Run, register
from experiments.paper.rows import ROWS, Row, quick_budget, seconds_of, seeds_of, trials_of
from experiments.paper.run import run as run_as_printed
from experiments.rule1997.protocol import plain_protocol
from experiments.search import two_marks

OUTPUT_BIAS = {"output_bias": True}
SHUT = {"bias": "gates", "input_gate_bias": (-3.0,)}
PER_STEP_TIMES = 5  # how much longer a sequence takes, about, when weights change at each step
SCALED = {"g": "scaled", "h": "scaled"}

# Row of the paper, budget, and the details: name -> changes to its protocol.
SEARCH: list[tuple[str, int, dict[str, dict[str, Any]]]] = [
    (
        row,
        60_000,
        {
            "per-step": {"per_step": True},
            "factor-2": {"rate": 2 * rate},
            "output-bias": {"changes": OUTPUT_BIAS},
            "legal-targets": {"legal_targets": True},
            "per-step-bias": {"per_step": True, "changes": OUTPUT_BIAS},
            "per-step-bias-legal": {
                "per_step": True,
                "changes": OUTPUT_BIAS,
                "legal_targets": True,
            },
        },
    )
    for row, rate in (("1-4x1-rate0.1", 0.1), ("1-3x2-rate0.5", 0.5))
] + [
    (
        "2a-p100",
        20_000,
        {
            "late-cell": {"late_cell": True},
            "late-cell-per-step": {"late_cell": True, "per_step": True},
            "late-cell-shut": {"late_cell": True, "changes": SHUT},
            "scaled": {"changes": SCALED},
            "rate-tenth": {"rate": 0.1},
        },
    ),
    (
        "2c-q50-p50",
        200_000,
        {
            "factor-2": {"rate": 0.02},
            "rate-4": {"rate": 0.04},
            "output-bias": {"changes": OUTPUT_BIAS},
        },
    ),
    (
        "4-T100",
        250_000,
        {
            "factor-2": {"rate": 1.0},
            "rate-4": {"rate": 2.0},
            "rate-8": {"rate": 4.0},
            "no-output-bias": {"changes": {"output_bias": False}},
        },
    ),
    ("5-loose", 600_000, {"factor-2": {"rate": 0.2}, "rate-4": {"rate": 0.4}}),
    ("5-tight", 1_500_000, {"rate-4": {"rate": 0.4}}),
    ("6a", 100_000, {"factor-2": {"rate": 1.0}, "rate-half": {"rate": 0.25}}),
]

ALONE = 500  # sequences that teach the outputs only

# Details that take code of their own: row, budget, what runs them and with which parameters.
OTHERS: list[tuple[str, int, Run, dict[str, Any], dict[str, dict[str, Any]]]] = [
    (
        "2a-p100",
        60_000,
        online.run_two_sequences,
        {"outputs_first": ALONE},
        {"outputs-first": {}, "outputs-first-per-step": {"per_step": True}},
    ),
    (
        "2b-p100",
        60_000,
        online.run_two_sequences,
        {"outputs_first": ALONE},
        {"outputs-first-per-step": {"per_step": True}},
    ),
    (
        "4-T100",
        250_000,
        two_marks.run,
        {},
        {
            "two-marks": {},
            "two-marks-factor-2": {"rate": 1.0},
            "two-marks-rate-4": {"rate": 2.0},
            "two-marks-rate-8": {"rate": 4.0},
        },
    ),
    ("4-T500", 700_000, two_marks.run, {}, {"two-marks-rate-8": {"rate": 4.0}}),
    (
        "5-loose",
        600_000,
        two_marks.run,
        {},
        {"two-marks": {}, "two-marks-rate-4": {"rate": 0.4}},
    ),
    ("5-tight", 1_500_000, two_marks.run, {}, {"two-marks-rate-4": {"rate": 0.4}}),
]

_BY_NAME = {row.name: row for row in ROWS}


def details(row: str) -> list[str]:
    """Return the names of all details searched for a row of the paper."""
    listed = [(name, changes) for name, _, changes in SEARCH]
    listed += [(name, changes) for name, _, _, _, changes in OTHERS]
    return [detail for name, changes in listed if name == row for detail in changes]


def other_trials(row: Row, more: Parameters) -> Rows:
    """Return the trials of a detail with code of its own."""
    protocol = plain_protocol(row.protocol)

    def rows(quick: bool) -> dict[str, Parameters]:
        shared = {"budget": quick_budget(row) if quick else row.budget, "protocol": protocol}
        return {"group0": {"seeds": seeds_of(0), **shared, **more}}

    return rows


def _changed(name: str, budget: int, changes: dict[str, Any]) -> Row:
    """Return one group of a row of the paper, with a detail changed."""
    row = _BY_NAME[name]
    microseconds = row.microseconds * (PER_STEP_TIMES if "per_step" in changes else 1)
    protocol = replace(row.protocol, **changes)
    return replace(row, budget=budget, microseconds=microseconds, groups=1, protocol=protocol)


def _register(name: str, detail: str, row: Row, run: Run, rows: Rows) -> None:
    purpose = f"task {name} of the 1997 paper with one detail changed: {detail}"
    register(f"search-{name}-{detail}", "search", purpose, run, rows, seconds_of(row))


for _name, _budget, _details in SEARCH:
    for _detail, _changes in _details.items():
        _row = _changed(_name, _budget, _changes)
        _register(_name, _detail, _row, run_as_printed, trials_of(_row))
for _name, _budget, _run, _more, _details in OTHERS:
    for _detail, _changes in _details.items():
        _row = _changed(_name, _budget, _changes)
        _register(_name, _detail, _row, _run, other_trials(_row, _more))
