"""A page reads full results of experiments, and says how to measure them again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from committed import ROOT, committed

RESULT = {
    "experiment": "moon",
    "quick": False,
    "trials": {"a": {"parameters": {"seed": 0}, "outcome": {"share": 0.1}, "made": {}}},
}


@pytest.mark.parametrize("path", sorted((ROOT / "experiments/results").glob("limits-r*.json")))
def test_a_committed_result_is_read(path: Path) -> None:
    result = committed(path.relative_to(ROOT).as_posix())
    assert result.outcomes
    assert result.command == f"python -m experiments run --again {path.stem}"


def test_a_quick_result_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "moon.json"
    file.write_text(json.dumps(RESULT), encoding="utf-8")
    assert committed(str(file)).outcomes == {"a": {"share": 0.1}}
    assert committed(str(file)).parameters == {"a": {"seed": 0}}
    file.write_text(json.dumps(RESULT | {"quick": True}), encoding="utf-8")
    with pytest.raises(ValueError, match="quick result"):
        committed(str(file))
