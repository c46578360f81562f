"""Hidden checks of assignment 3: gates, what they remember, both ends of a sequence, a classifier.

One module for each part. Two beside them say what is right and what typical mistakes come to:
``equation`` for the LSTM, with and without peepholes, and ``gru_equation``. ``lines`` holds the
judge's own lines of English. A mistake that is known costs its points once: a check passes it
where another check is meant for it.
"""

from __future__ import annotations

from autograder.hidden.gates import (
    bidirectional,
    cell,
    gru,
    layer,
    net,
    peephole,
    spans,
    training,
)
from autograder.hidden.gates.suite import suite

PARTS = (cell, layer, spans, gru, peephole, bidirectional, training, net)

__all__ = ["PARTS", "suite"]
