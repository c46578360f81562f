"""The speed benchmark: its line for scripts, and a run on two submissions."""

from __future__ import annotations

import re

import pytest

from benchmarks.grade import Timing, main, summary, table

LINE = re.compile(
    r"bench-grade ratio=\d+\.\d ours_s=\d+\.\d stock_s=\d+\.\d submissions=2 isolation=bwrap"
)


def test_the_line_for_scripts_is_made_from_medians() -> None:
    timing = Timing([10.0, 8.0, 30.0], [61.0, 100.0, 50.0], "bwrap")
    assert summary(timing, 24) == (
        "bench-grade ratio=6.1 ours_s=10.0 stock_s=61.0 submissions=24 isolation=bwrap"
    )
    assert table(timing, 24).row_count == 3


@pytest.mark.sandbox
def test_a_run_on_two_submissions(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--rounds", "1", "--submissions", "2"]) == 0
    assert LINE.fullmatch(capsys.readouterr().out.splitlines()[-1])


def test_nonsense_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--rounds", "0"])
    assert ended.value.code == 2
    assert "at least 1" in capsys.readouterr().err
