"""Hidden checks of assignment 7: sampling, filters, scans, the selective block, a recurrence.

What is right is computed here, by functions with interchangeable pieces; a typical mistake
exchanges one. How deep a scan is, is read off the numbers it returns (`depth.py`). One module
for each part, with the arithmetic beside it.
"""

from __future__ import annotations

from autograder.hidden.state_space import (
    convolution,
    filters,
    hold,
    recurrent,
    scan_gradients,
    scans,
    selective,
)
from autograder.hidden.state_space.suite import suite

PARTS = (hold, filters, convolution, scans, scan_gradients, selective, recurrent)

__all__ = ["PARTS", "suite"]
