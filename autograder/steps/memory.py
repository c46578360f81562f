"""Memory that does not grow with the class: what one submission took, the next one gets."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

M_MMAP_THRESHOLD = -3  # of mallopt(3)
LARGE = 32 * 1024  # bytes: less than a notebook has


def give_large_blocks_back() -> None:
    """Let the C library hand blocks of a notebook's size back to the system when they are freed.

    By default it learns to keep such blocks, and small ones that stay get in between: 50 KiB for
    each submission (`make load`), although nothing is kept. Where there is no glibc, all stays.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE)
