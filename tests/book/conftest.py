"""The book's own modules lie beside its pages, where the notebooks find them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.book.building import built_book

BOOK = Path(__file__).resolve().parents[2] / "book"
for folder in (BOOK, BOOK / "_ext"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of the built book's pages."""
    return built_book(tmp_path_factory, worker_id)
