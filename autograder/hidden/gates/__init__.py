"""Hidden checks of assignment 3: gates, what they remember, both ends of a sequence, a classifier.

One module for each part, two for part 6. Others say what is right and what typical mistakes come
to: ``equation`` for the LSTM, ``gru_equation``, ``ends`` and ``directions`` for both ends of a
sequence, ``epochs`` for training. ``lines`` holds the judge's own lines of English. A mistake that
is known costs its points once: a check passes it where another check is meant for it.
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
    stack,
    training,
)
from autograder.hidden.gates.suite import suite

PARTS = (cell, layer, spans, gru, peephole, bidirectional, stack, training, net)

__all__ = ["PARTS", "suite"]
