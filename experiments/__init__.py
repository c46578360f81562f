"""Command-line reproductions of every number in the book."""

import hashlib
import os
import sys
from pathlib import Path


def _compiled_code_cache() -> str:
    """Return a folder for numba's cache that belongs to exactly this code.

    Numba renews a cached function when its own file changes, but not when a function that it calls
    changes in another file. A folder per state of all compiled modules leaves nothing stale.
    """
    here = Path(__file__).resolve().parent
    texts = [file.read_bytes() for file in sorted(here.rglob("*.py"))]
    digest = hashlib.sha256(b"".join(text for text in texts if b"njit" in text)).hexdigest()
    return str(here.parent / ".cache" / "numba" / digest[:16])


os.environ.setdefault("NUMBA_CACHE_DIR", _compiled_code_cache())
if "numba" in sys.modules:  # it looked at the variable when it was imported
    sys.modules["numba"].config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"]
