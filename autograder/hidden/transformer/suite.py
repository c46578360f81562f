"""The suite that the parts of assignment 6 add their checks to, and what it refuses."""

from __future__ import annotations

from autograder.checks import Suite
from autograder.hidden.shared.refused import ATTENTION

LOOKING = "attention-tests"
POSITIONS = "positions-tests"
HEADS = "heads-tests"
FEED = "feed-tests"
BLOCK = "block-tests"
DECODER = "decoder-tests"
WRITING = "writing-tests"

NORMS = ["torch.nn.RMSNorm", "torch.nn.functional.rms_norm", "torch.rms_norm"]
READY_MADE = [*ATTENTION, *NORMS]

suite = Suite("transformer", refuse=READY_MADE)
