"""The suite that the parts of assignment 7 add their checks to, and what it refuses where."""

from __future__ import annotations

from autograder.checks import Suite
from autograder.hidden.shared.refused import DIFFERENTIATION, ENGINE

HOLD = "hold-tests"
FILTER = "filter-tests"
CONVOLUTION = "convolution-tests"
SCAN = "scan-tests"
SELECTIVE = "selective-tests"
RECURRENT = "recurrent-tests"

SCANS = ["torch._higher_order_ops.associative_scan", "torch._higher_order_ops.scan"]

suite = Suite("state_space", refuse=SCANS, refuse_in={SCAN: [*DIFFERENTIATION, *ENGINE]})
