"""Reading submissions: whatever the file holds, a clean notebook or a reason comes out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.errors import Unreadable
from autograder.notebooks import read as submission
from autograder.notebooks.read import read_bytes, read_submission

CELL = {"cell_type": "code", "metadata": {}, "source": "x = 1", "outputs": [], "execution_count": 1}


def notebook(**changes: Any) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [CELL]} | changes


def read(content: Any) -> nbformat.NotebookNode:
    return read_submission(json.dumps(content).encode())


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"   \n", "empty"),
        (b"this is not JSON", "not JSON"),
        (b'{"cells": [', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"[1, 2]", "not a notebook"),
        (b"null", "not a notebook"),
        (b"{}", "known format"),
        (b'{"nbformat": 5, "cells": []}', "known format"),
        (b'{"nbformat": "4", "cells": []}', "known format"),
        (b'{"nbformat": 4}', "no list of cells"),
        (b'{"nbformat": 4, "cells": {}}', "no list of cells"),
        (b'{"nbformat": 4, "cells": []}', "no cells"),
        (b'{"nbformat": 4, "cells": [1, null, {}]}', "no cells"),
        (b'{"nbformat": 3, "worksheets": 7}', "old format 3"),
        (b'{"cells": [], "n": ' + b"1" * 5000 + b"}", "not JSON"),
    ],
)
def test_unusable_files_get_a_reason(data: bytes, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        read_submission(data)


def test_too_large_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submission, "MAX_BYTES", 1000)
    with pytest.raises(Unreadable, match="Clear all outputs"):
        read(notebook(cells=[CELL | {"outputs": ["x" * 2000]}]))


def test_no_metadata_is_no_problem() -> None:
    content = notebook()
    del content["metadata"]
    del content["cells"][0]["metadata"]
    assert read(content).cells[0].source == "x = 1"
    CELL["metadata"] = {}


def test_no_format_number_is_no_problem() -> None:
    assert read({"cells": [CELL]}).cells[0].source == "x = 1"


def test_format_3_is_upgraded() -> None:
    old = nbformat.convert(nbformat.from_dict(notebook()), 3)
    assert old.nbformat == 3
    assert read(old).cells[0].source == "x = 1"


def test_byte_order_mark_is_no_problem() -> None:
    data = b"\xef\xbb\xbf" + json.dumps(notebook()).encode()
    assert read_submission(data).cells[0].source == "x = 1"


def test_sources_may_be_lists_of_lines() -> None:
    assert read(notebook(cells=[CELL | {"source": ["a\n", "b"]}])).cells[0].source == "a\nb"


def test_outputs_and_foreign_metadata_are_left_behind() -> None:
    cell = CELL | {
        "outputs": [{"output_type": "display_data", "data": {"text/html": "<script>"}}],
        "metadata": {"x": 1, "nbgrader": {"grade_id": "a", "solution": True, "points": "many"}},
    }
    clean = read(notebook(cells=[cell], metadata={"widgets": "x"}))
    assert clean.metadata == {}
    assert clean.cells[0].outputs == []
    assert clean.cells[0].metadata == {
        "nbgrader": {
            "grade_id": "a",
            "grade": False,
            "solution": True,
            "locked": False,
            "task": False,
        }
    }


def test_half_a_surrogate_pair_can_be_written_again() -> None:
    content = json.dumps(notebook(cells=[CELL | {"source": "x = '\ud800'"}])).encode()
    assert read_submission(content).cells[0].source.encode("utf-8")


def test_links_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("exam")
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "secret")
    assert read_bytes(tmp_path / "link.ipynb") == b""
    assert read_bytes(tmp_path / "nothing") == b""


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=20,
)
odd_cells = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "markdown", "raw", "other", 1])},
    optional={
        "source": json_values,
        "metadata": json_values,
        "id": json_values,
        "outputs": json_values,
    },
)


@given(st.one_of(json_values, st.builds(notebook, cells=st.lists(odd_cells), metadata=json_values)))
def test_any_json_is_clean_or_unreadable(content: Any) -> None:
    try:
        clean = read(content)
    except Unreadable:
        return
    nbformat.validate(clean)
    nbformat.writes(clean).encode("utf-8")
