"""The five documents whose claims the book checks, by their labels D1 to D5."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

DOCUMENTS_FILE = Path(__file__).with_name("documents.yaml")


@dataclass(frozen=True)
class Document:
    """One text: the label that claims name, its title, and where it stands (may be empty)."""

    label: str
    title: str
    where: str

    @property
    def anchor(self) -> str:
        """The id of its entry on the ledger page."""
        return f"document-{self.label.lower()}"


@cache
def load_documents() -> dict[str, Document]:
    """Return all documents by label, in order."""
    entries = yaml.safe_load(DOCUMENTS_FILE.read_text(encoding="utf-8"))
    return {entry["label"]: Document(**entry) for entry in entries}
