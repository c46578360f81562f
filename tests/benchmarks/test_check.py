"""The benchmark of `check`: its line for scripts, and one round."""

from __future__ import annotations

import re

import pytest

from benchmarks import check
from benchmarks.check import Timing, main, summary, table

LINE = re.compile(r"bench-check ratio=N ours_s=N stock_s=N watch_s=N".replace("N", r"\d+\.\d\d"))


def test_the_line_for_scripts_is_made_from_medians() -> None:
    timing = Timing([2.0, 1.0, 9.0], [5.0, 4.0, 8.0], [0.5, 0.25, 0.75])
    assert summary(timing) == "bench-check ratio=2.50 ours_s=2.00 stock_s=5.00 watch_s=0.50"
    assert table(timing).row_count == 3


def test_one_round(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "PAUSE_S", 0.1)
    assert main(["--rounds", "1"]) == 0
    assert LINE.fullmatch(capsys.readouterr().out.splitlines()[-1])


def test_nonsense_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--rounds", "0"])
    assert ended.value.code == 2
    assert "at least 1" in capsys.readouterr().err
