"""Build the book as readers get it, once for all tests that look at its pages."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

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


@cache
def builder() -> subprocess.Popen[str]:
    """Start the process that books are built by; it ends with this one, as its input does."""
    command = [sys.executable, "-m", "tests.book.builder"]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)


def jupyter_book(source: Path, output: Path) -> tuple[int, str]:
    """Build the book in ``source`` with warnings as errors; return exit status and output.

    Notebooks come from its cache.
    """
    process = builder()
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as log:
        print(json.dumps([str(source), str(output), log.name]), file=process.stdin, flush=True)
        return int(process.stdout.readline()), log.read()


@cache
def parsed(page: Path) -> BeautifulSoup:
    """Return a page of the built book, parsed once for all tests of this process."""
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


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
        status, output = jupyter_book(ROOT, folder)
        assert status == 0, output[-6000:]

    return (built_once(factory, worker_id, "book", build) / "_build").resolve() / "html"
