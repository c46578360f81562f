"""Hidden checks of assignment 4: windows, the rule of 1997 in two forms, RTRL, and what they keep.

Every answer is compared with PyTorch's own gradient of a forward pass of ours, cut where the text
says. Parts 3 and 4 are asked one step at a time, from states and traces of ours, so that each
check looks at one mechanism and none stands on another answer. One module for each part.
"""

from __future__ import annotations

from autograder.hidden.truncated_bptt import cells, kept, rtrl, traces, windows
from autograder.hidden.truncated_bptt.suite import suite

PARTS = (windows, cells, traces, rtrl, kept)

__all__ = ["PARTS", "suite"]
