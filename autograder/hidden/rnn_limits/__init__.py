"""Hidden checks of assignment 1: a recurrent net, its backward pass, and where it stops.

Values and gradients are compared with ``torch.nn.RNN`` and automatic differentiation on the
judge's side. The layer uses the student's own cell, so a wrong cell costs points in both parts
and the message says to begin with the cell. In back-propagation the sums over time are taken of
the errors d(t) that the same answer shows, so a wrong d(t) costs its points once. The checks
stand in one module for each part.
"""

from __future__ import annotations

from autograder.hidden.rnn_limits import bptt, cell, clip, layer, norms
from autograder.hidden.rnn_limits.suite import suite

PARTS = (cell, layer, bptt, norms, clip)

__all__ = ["PARTS", "suite"]
