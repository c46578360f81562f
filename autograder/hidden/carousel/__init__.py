"""Hidden checks of assignment 2: the carousel, its error, its conflicts, and the memory block.

One module for each part, and beside it one that says what is right and what mistakes come to:
``errors`` for the gradients, ``requests`` for the conflicts, ``equation`` for the block. A mistake
that is known costs its points once: a check passes it where another check is meant for it.
"""

from __future__ import annotations

from autograder.hidden.carousel import blocks, conflict, gradients, layer, sweep
from autograder.hidden.carousel.suite import suite

PARTS = (layer, gradients, sweep, conflict, blocks)

__all__ = ["PARTS", "suite"]
