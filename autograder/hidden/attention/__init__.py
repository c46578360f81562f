"""Hidden checks of assignment 5: weights, an encoder, two scores, a decoder, and writing with it.

One module for each part. Others say what is right and what typical mistakes come to: ``weighing``
for part 1, ``feeding`` for the decoder, ``searching`` for greedy and beam, with ``babble``, a
model of ours that is lent to the student's side. No part stands on another answer: keys, looks and
models come from the judge.
"""

from __future__ import annotations

from autograder.hidden.attention import additive, beam, decoder, encoder, greedy, look, luong
from autograder.hidden.attention.suite import suite

PARTS = (look, encoder, additive, luong, decoder, greedy, beam)

__all__ = ["PARTS", "suite"]
