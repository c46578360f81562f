"""The suite that the parts of assignment 4 add their checks to, and what it refuses where."""

from __future__ import annotations

from autograder.checks import Suite
from autograder.hidden.shared.refused import DIFFERENTIATION, ENGINE, RECURRENT

WINDOWS = "windows-tests"
CELLS = "memory-cells-tests"
TRACES = "traces-tests"
RTRL = "rtrl-tests"
KEPT = "kept-tests"

suite = Suite(
    "truncated_bptt",
    refuse=RECURRENT,
    refuse_in={TRACES: [*DIFFERENTIATION, *ENGINE], RTRL: [*DIFFERENTIATION, *ENGINE]},
)
