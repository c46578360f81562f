"""Hidden checks of assignment 1: a recurrent net, its backward pass, and where it stops.

Values and gradients are compared with ``torch.nn.RNN`` and automatic differentiation on the
judge's side. The layer uses the student's own cell, so a wrong cell costs points in both parts
and the message says to begin with the cell. In back-propagation the sums over time are taken of
the errors d(t) that the same answer shows, so a wrong d(t) costs its points once. The checks
stand in one module for each part.
"""

from __future__ import annotations

from autograder.hidden import (
    _rnn_limits_bptt,
    _rnn_limits_cell,
    _rnn_limits_clip,
    _rnn_limits_layer,
    _rnn_limits_norms,
)
from autograder.hidden._rnn_limits_suite import suite

PARTS = (
    _rnn_limits_cell,
    _rnn_limits_layer,
    _rnn_limits_bptt,
    _rnn_limits_norms,
    _rnn_limits_clip,
)

__all__ = ["PARTS", "suite"]
