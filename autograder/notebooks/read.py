"""Read a submitted notebook whatever it holds, keeping only what grading needs.

The result is a clean notebook in the present format: cells with type, source and nbgrader's
marks. Outputs, attachments and all other metadata are left behind, so nothing a student can
put into them reaches the judge, the gradebook or a page an instructor opens.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.errors import Unreadable
from autograder.notebooks.marks import kept_metadata, source_of

# Slow to import, and who judges or checks does without it.
if TYPE_CHECKING:
    from nbformat import NotebookNode

MAX_BYTES = 20 * 2**20
MAX_CELLS = 2_000
MAX_SOURCE = 200_000  # characters in one cell
CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
CELL_TYPES = ("code", "markdown", "raw")


def read_bytes(path: Path) -> bytes:
    """Return the content of a submitted file, at most one byte more than is allowed."""
    if path.is_symlink() or not path.is_file():
        return b""
    with path.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def read_submission(data: bytes) -> NotebookNode:
    """Return the clean notebook in ``data``; raise Unreadable with a reason for the student."""
    import nbformat

    return nbformat.from_dict(read_plain(data))


def read_plain(data: bytes) -> dict[str, Any]:
    """Do what read_submission does, and return the notebook as the JSON it is."""
    if not data.strip():
        raise Unreadable("The submitted file is empty.")
    if len(data) > MAX_BYTES:
        raise Unreadable(
            f"The submitted file is larger than {MAX_BYTES // 2**20} MB. "
            "Clear all outputs, save, and submit it again."
        )
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Unreadable("The submitted file is not a notebook: it is not UTF-8 text.") from error
    except (ValueError, RecursionError) as error:
        raise Unreadable(
            f"The submitted file is not a notebook: it is not JSON ({error})."
        ) from error
    return _clean(_upgraded(content))


def _upgraded(content: Any) -> dict[str, Any]:
    """Return the notebook in format 4; older ones are converted by nbformat."""
    if not isinstance(content, dict):
        raise Unreadable("The submitted file is JSON, but not a notebook.")
    version = content.get("nbformat", 4 if "cells" in content else None)
    if not isinstance(version, int) or not 1 <= version <= 4:
        raise Unreadable(
            f"The submitted file is not a notebook of a known format (nbformat: {version!r:.40}). "
            "Open it in Jupyter, save it, and submit it again."
        )
    if version == 4:
        return content
    import nbformat

    try:
        return dict(nbformat.convert(nbformat.from_dict(content), 4))
    except Exception as error:  # converters assume well-formed input and raise anything
        raise Unreadable(
            f"The notebook is in the old format {version} and cannot be converted. "
            "Open it in Jupyter, save it, and submit it again."
        ) from error


def _clean(content: dict[str, Any]) -> dict[str, Any]:
    cells = content.get("cells")
    if not isinstance(cells, list):
        raise Unreadable("The submitted notebook has no list of cells.")
    if len(cells) > MAX_CELLS:
        raise Unreadable(f"The submitted notebook has more than {MAX_CELLS} cells.")
    kept = list(_cells(cells))
    if not kept:
        raise Unreadable("The submitted notebook has no cells.")
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": kept}


def _cells(cells: list[Any]) -> Iterator[dict[str, Any]]:
    ids: set[str] = set()
    for number, cell in enumerate(cells, 1):
        if not isinstance(cell, dict) or cell.get("cell_type") not in CELL_TYPES:
            continue
        if not isinstance(cell.get("source", ""), str | list):
            continue
        source = source_of(cell)
        cell_id = cell.get("id")
        if not isinstance(cell_id, str) or not CELL_ID.fullmatch(cell_id) or cell_id in ids:
            cell_id = f"submitted-{number}"
        ids.add(cell_id)
        clean: dict[str, Any] = {
            "id": cell_id,
            "cell_type": cell["cell_type"],
            "metadata": kept_metadata(cell),
            # Half a surrogate pair is legal in JSON but cannot be written to any file again.
            "source": source[:MAX_SOURCE].encode("utf-8", "replace").decode("utf-8"),
        }
        if cell["cell_type"] == "code":
            clean |= {"execution_count": None, "outputs": []}
        yield clean
