"""``make book``: build the book into _build/html, or say at once that nothing has changed.

Starting Sphinx takes longer than finding out that there is nothing to do. Nothing has changed if
every file of the project (whatever it is for: better one build too many), the installed packages,
Python, and every page and file that was built are as they were when the last build succeeded.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Made by programs, and of no influence on the pages; hidden folders are left out as well.
MADE = {"_build", "build", "node_modules", "__pycache__"}
HIDDEN_INPUTS = (".venv/.installed",)
NEEDED = (".cache/notebooks/global.db",)  # the tests build from it, too
STAMP = "_build/.book-is-built"
WHOLE = "from nothing"


def files(folder: Path) -> list[Path]:
    """Return every file below ``folder`` that somebody wrote, sorted."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [f for f in folders if f not in MADE and f[0] != "." and f[-9:] != ".egg-info"]
        found += [Path(place, name) for name in names]
    return sorted(found)


def inputs(root: Path) -> str:
    """Return a digest of everything that may change a page."""
    total = hashlib.sha256(sys.version.encode())
    for path in [*files(root), *(root / name for name in HIDDEN_INPUTS)]:
        total.update(f"\n{path.relative_to(root)}\n".encode())
        total.update(hashlib.sha256(path.read_bytes() if path.is_file() else b"-").digest())
    return total.hexdigest()


def outputs(root: Path) -> str:
    """Return a digest of which files were built, how long they are and when they were written."""
    total = hashlib.sha256()
    for path in [*sorted((root / "_build/html").rglob("*")), *(root / name for name in NEEDED)]:
        state = path.stat() if path.is_file() else None
        total.update(f"{path} {state and (state.st_size, state.st_mtime_ns)}\n".encode())
    return total.hexdigest()


def build(root: Path) -> int:
    """Build the book unless it is as it was built last; return the exit status."""
    if is_current(root):
        print("The book is up to date: _build/html/index.html")
        return 0
    stamp = root / STAMP
    stamp.unlink(missing_ok=True)
    before, how = inputs(root), "over another" if (root / "_build/html").exists() else WHOLE
    jupyter_book = str(Path(sys.executable).with_name("jupyter-book"))
    options = ["-W", "-n", "--keep-going", "-q"]
    status = subprocess.run([jupyter_book, "build", str(root), *options], check=False).returncode
    if status == 0 and inputs(root) == before:  # else somebody was writing meanwhile
        stamp.write_text(f"{before} {outputs(root)} {how}")
    return status


def is_current(root: Path, how: str = "") -> bool:
    """Whether the book that is there is that of today's files, and was built like this."""
    stamp = root / STAMP
    if not stamp.is_file():
        return False
    made = stamp.read_text()
    return made.startswith(f"{inputs(root)} {outputs(root)} ") and made.endswith(how)


if __name__ == "__main__":
    sys.exit(build(ROOT))
