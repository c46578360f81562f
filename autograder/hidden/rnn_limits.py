"""Hidden checks of assignment 1: a recurrent net, its backward pass, and where it stops.

Values and gradients are compared with ``torch.nn.RNN`` and automatic differentiation on the
judge's side. Where a part builds on an earlier one (the layer on the cell, sums over time on
the errors d(t)), a result that is wrong only because of the earlier part still counts: the
mistake has cost its points there. The checks stand in one module for each part.
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
