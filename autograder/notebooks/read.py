"""Read a submitted notebook whatever it holds, keeping only what grading needs.

The result is a clean notebook in the present format: cells with type, source and nbgrader's
marks. Outputs, attachments and all other metadata are left behind, so nothing a student can
put into them reaches the judge, the gradebook or a page an instructor opens; but for text and
pictures of cells that a person marks, when somebody asks (`pictures.py`). Time and memory are
linear in the size of the file: nothing is converted or validated before it is stripped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.errors import Unreadable
from autograder.notebooks.marks import is_by_hand, kept_metadata, source_of
from autograder.notebooks.pictures import shown_outputs

# Slow to import, and who judges or checks does without it.
if TYPE_CHECKING:
    from nbformat import NotebookNode

MAX_BYTES = 20 * 2**20
MAX_CELLS = 2_000
MAX_SOURCE = 200_000  # characters kept of a marked cell: twice what is read, to tell a long one
MAX_OWN = 20_000  # characters kept of any other cell, which is shown and not run
CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
CELL_TYPES = ("code", "markdown", "raw")


def read_bytes(path: Path) -> bytes:
    """Return the content of a submitted file, at most one byte more than is allowed."""
    if path.is_symlink() or not path.is_file():
        return b""
    with path.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def read_submission(data: bytes) -> NotebookNode:
    """Return the clean notebook in ``data``; raise Unreadable with a reason for the student.

    What cells that claim to be marked by hand have shown comes along, as far as it is safe.
    """
    import nbformat

    return nbformat.from_dict(read_plain(data, outputs=True))


def read_plain(data: bytes, *, outputs: bool = False) -> dict[str, Any]:
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
    return _clean(_upgraded(content), outputs)


def _upgraded(content: Any) -> dict[str, Any]:
    """Return the notebook in format 4, or as much of an older one as grading needs."""
    if not isinstance(content, dict):
        raise Unreadable("The submitted file is JSON, but not a notebook.")
    version = content.get("nbformat", 4 if "cells" in content else None)
    if not isinstance(version, int) or not 1 <= version <= 4:
        raise Unreadable(
            "The submitted file is not a notebook of a known format "
            f"(nbformat: {_brief(version)}). Open it in Jupyter, save it, and submit it again."
        )
    if version == 4:
        return content
    cells = list(_old_cells(content))
    if not cells:
        raise Unreadable(
            f"The notebook is in the old format {version} and cannot be converted. "
            "Open it in Jupyter, save it, and submit it again."
        )
    return {"cells": cells}


def _old_cells(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the cells of a notebook in format 1, 2 or 3.

    nbformat can convert these as well, outputs first: 200 s and 12 GB for a file of 20 MB.
    """
    sheets = content.get("worksheets", [content])
    for sheet in sheets if isinstance(sheets, list) else []:
        cells = sheet.get("cells") if isinstance(sheet, dict) else None
        for cell in cells if isinstance(cells, list) else []:
            if isinstance(cell, dict):
                kind = cell.get("cell_type")
                text = cell.get("input", cell.get("code")) if kind == "code" else cell.get("source")
                kept = kind if kind in ("code", "raw") else "markdown"
                metadata = cell.get("metadata", {})
                yield {"cell_type": kept, "source": text or "", "metadata": metadata}


def _brief(version: Any) -> str:
    """Return a version as it may be shown; only a number or a word has a short name."""
    return f"{version!r:.40}" if isinstance(version, int | float | str) else "none"


def _clean(content: dict[str, Any], outputs: bool) -> dict[str, Any]:
    cells = content.get("cells")
    if not isinstance(cells, list):
        raise Unreadable("The submitted notebook has no list of cells.")
    if len(cells) > MAX_CELLS:
        raise Unreadable(f"The submitted notebook has more than {MAX_CELLS} cells.")
    kept = list(_cells(cells, outputs))
    if not kept:
        raise Unreadable("The submitted notebook has no cells.")
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": kept}


def _cells(cells: list[Any], outputs: bool) -> Iterator[dict[str, Any]]:
    ids: set[str] = set()
    for number, cell in enumerate(cells, 1):
        if not isinstance(cell, dict) or cell.get("cell_type") not in CELL_TYPES:
            continue
        if not isinstance(cell.get("source", ""), str | list):
            continue
        metadata = kept_metadata(cell)
        source = _short(source_of(cell), MAX_SOURCE if metadata else MAX_OWN)
        cell_id = cell.get("id")
        if not isinstance(cell_id, str) or not CELL_ID.fullmatch(cell_id) or cell_id in ids:
            cell_id = f"submitted-{number}"
        ids.add(cell_id)
        clean: dict[str, Any] = {
            "id": cell_id,
            "cell_type": cell["cell_type"],
            "metadata": metadata,
            "source": source,
        }
        if cell["cell_type"] == "code":
            shown = shown_outputs(cell.get("outputs")) if outputs and is_by_hand(clean) else []
            clean |= {"execution_count": None, "outputs": shown}
        yield clean


def _short(source: str, limit: int) -> str:
    """Return text that can be written to a file again (half a surrogate pair cannot), cut short."""
    kept = source if len(source) <= limit else f"{source[:limit]}\n[...]"
    return kept.encode("utf-8", "replace").decode("utf-8")
