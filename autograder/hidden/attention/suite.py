"""The suite that the parts of assignment 5 add their checks to, and what it refuses."""

from __future__ import annotations

from autograder.checks import Suite
from autograder.hidden.shared.refused import ATTENTION

LOOK = "look-tests"
ENCODER = "encoder-tests"
ADDITIVE = "additive-tests"
LUONG = "luong-tests"
DECODER = "decoder-tests"
GREEDY = "greedy-tests"
BEAM = "beam-tests"

suite = Suite("attention", refuse=ATTENTION)
