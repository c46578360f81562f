"""The page of execution times shows what the cache and the results know, and no typed number."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from execution_times import parts

from experiments.harness.registry import experiments
from experiments.harness.results import load
from tests.book.building import ROOT
from tests.book.test_pages import every_chapter, parsed


def test_hours_of_experiments_are_those_of_their_results() -> None:
    head, *rows, total = [[cell.astext() for cell in row] for row in parts()]
    assert head[0] == "Part"
    results = [load(experiment.name, quick=False) for experiment in experiments().values()]
    known = [result for result in results if result]
    assert int(total[1]) == len(known) == sum(int(row[1]) for row in rows)
    assert total[2] == f"{sum(len(result.trials) for result in known):,}"
    assert float(total[3]) == pytest.approx(sum(r.wall_s for r in known) / 3600, abs=0.01)
    assert all(all(row) for row in rows), "an empty cell"


def test_the_source_of_the_page_holds_no_time() -> None:
    assert not re.search(r"\d", (ROOT / "book/times.md").read_text(encoding="utf-8"))


@pytest.mark.timeout(1200)
def test_every_page_with_code_has_its_seconds(pages: Path) -> None:
    table = parsed(pages / "book/times.html").select_one("table.execution-times")
    links = [link["href"] for link in table.select("a[href]")]
    for chapter in every_chapter(pages):
        assert chapter.name in links
    *seconds, total = [float(row.select("td")[-1].get_text()) for row in table.select("tbody tr")]
    assert len(seconds) == len(links) > 10
    assert min(seconds) > 0
    assert total == pytest.approx(sum(seconds), abs=0.1 * len(seconds))
