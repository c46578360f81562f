"""Hidden checks of assignment 1: a recurrent net, its backward pass, and where it stops.

Values and gradients are compared with ``torch.nn.RNN`` and automatic differentiation on the
judge's side, never with another answer of the same submission. A mistake costs points once: the
layer is tried over a cell of ours where it fails over the student's own, sums over time are taken
of the errors d(t) that the same answer shows, a typical mistake passes where another check is
meant for it, and the form of an answer has a check of its own. One module for each part.
"""

from __future__ import annotations

from autograder.hidden.rnn_limits import bptt, cell, clip, layer, norms
from autograder.hidden.rnn_limits.suite import suite

PARTS = (cell, layer, bptt, norms, clip)

__all__ = ["PARTS", "suite"]
