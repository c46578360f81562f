"""Build the book as readers get it, once for all tests that look at its pages."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.sharing import built_once

ROOT = Path(__file__).resolve().parents[2]


def lay_out(root: Path, pages: Mapping[str, str]) -> Path:
    """Lay out a small book with the real configuration, extensions and modules; return its folder.

    ``pages`` maps names in ``book/`` to MyST sources; the first is the front page. The small
    book has its own cache of notebooks.
    """
    book = root / "book"
    contents = shutil.ignore_patterns("*.md", "claims.yaml", "__pycache__")
    shutil.copytree(ROOT / "book", book, ignore=contents)
    for name in ("_config.yml", "pyproject.toml"):
        shutil.copy(ROOT / name, root)
    first, *others = pages
    chapters = "".join(f"  - file: book/{name}\n" for name in others)
    toc = f"format: jb-book\nroot: book/{first}\n" + (f"chapters:\n{chapters}" if others else "")
    (root / "_toc.yml").write_text(toc, encoding="utf-8")
    for name, text in pages.items():
        (book / f"{name}.md").write_text(text, encoding="utf-8")
    return book


def jupyter_book(source: Path, output: Path) -> subprocess.CompletedProcess[str]:
    """Build the book in ``source`` with warnings as errors; notebooks come from its cache."""
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", str(source)]
    return subprocess.run(
        [*command, "--path-output", str(output), "-W", "-n", "--keep-going"],
        cwd=source,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )


def built_book(factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Return the pages of the book, built once for all test processes.

    The build starts from nothing, so every warning shows; only executed notebooks are taken
    from the cache that all builds share. In a fresh clone ``make test`` has just done that.
    """
    import make_book  # tests/book/conftest.py has put its folder on the path

    def build(folder: Path) -> None:
        if make_book.is_current(ROOT, make_book.WHOLE):
            folder.mkdir()
            (folder / "_build").symlink_to(ROOT / "_build")
            return
        run = jupyter_book(ROOT, folder)
        assert run.returncode == 0, run.stdout[-6000:]

    return (built_once(factory, worker_id, "book", build) / "_build").resolve() / "html"
