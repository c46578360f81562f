"""What notebooks ordinarily do works inside: the walls must not break right code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.autograder.line.conftest import Run
from tests.conftest import ROOT

pytestmark = pytest.mark.sandbox

CELLS = sorted((ROOT / "samples" / "ordinary").glob("*.py"))


@pytest.mark.parametrize("cell", CELLS, ids=lambda path: path.stem)
def test_an_ordinary_cell_runs(roomy: Run, cell: Path) -> None:
    assert roomy(f"{cell.read_text()}\nprint('reached', 'the end')", 300.0).endswith(
        "reached the end\n"
    )
