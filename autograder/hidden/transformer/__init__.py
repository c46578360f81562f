"""Hidden checks of assignment 6: attention, positions, heads, block, decoder, and writing.

What is right is computed here, by functions with interchangeable pieces; a typical mistake
exchanges one. Parts that are made of earlier parts are tried with the student's own pieces and,
where those fail, with pieces of ours that are no attention, no norm and no rotation at all. One
module for each part, with the arithmetic beside it.
"""

from __future__ import annotations

from autograder.hidden.transformer import (
    attention,
    block,
    decoder,
    draws,
    feed,
    heads,
    padding,
    positions,
    probabilities,
    writing,
)
from autograder.hidden.transformer.suite import suite

PARTS = (attention, positions, heads, feed, block, padding, decoder, probabilities, draws, writing)

__all__ = ["PARTS", "suite"]
