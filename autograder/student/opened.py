"""Open a notebook of an assignment: its cells, and what the assembler wrote into its metadata."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from autograder.errors import AutograderError, NotWhole, Unreadable
from autograder.notebooks.read import read_plain

Opened = tuple[dict[str, Any], dict[str, Any]]  # the notebook, and what is known of its assignment


def open_notebook(path: Path) -> Opened:
    """Return the notebook and what the assembler wrote into its metadata.

    Raises NotWhole, and AutograderError for a notebook that belongs to no assignment.
    """
    try:
        data = path.read_bytes()
        notebook = read_plain(data)
    except OSError as error:
        raise NotWhole(
            f"the notebook cannot be read: {error.strerror}", str(path), "Check the name."
        ) from error
    except Unreadable as finding:
        raise NotWhole(
            str(finding), str(path), "Open it in Jupyter and save it as .ipynb."
        ) from finding
    metadata = json.loads(data.decode("utf-8-sig")).get("metadata")
    facts = metadata.get("autograder") if isinstance(metadata, dict) else None
    if not isinstance(facts, dict) or not isinstance(facts.get("cells"), dict):
        raise AutograderError(
            "this is not a notebook of a released assignment, or its metadata was dropped",
            str(path),
            "Start again from the released notebook and copy your answers into it.",
        )
    return notebook, facts
