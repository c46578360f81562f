"""What chapter 5 reads: every result, by row, by learner and by changed detail."""

from __future__ import annotations

from pathlib import Path

import pytest
import rerun
import results_of_1997 as results
from tasks_of_1997 import number_tasks, symbol_tasks

from experiments.documents.rows import ROWS as DOCUMENTS
from experiments.paper.rows import ROWS
from experiments.search.rows import details
from experiments.tables.printed import modern_name

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("listed", "names"),
    [
        (results.DOCUMENTS, {f"documents-{row.name}" for row in DOCUMENTS}),
        (results.PAPER, {f"paper-{row.name}" for row in ROWS}),
        (results.TODAY, {f"modern-{modern_name(row.name)}" for row in ROWS}),
        (results.SEARCH, {f"search-{r.name}-{d}" for r in ROWS for d in details(r.name)}),
    ],
)
def test_a_page_runs_again_when_any_of_the_results_changes(
    listed: tuple[str, ...], names: set[str]
) -> None:
    assert set(listed) == {f"experiments/results/{name}.json" for name in names}


def test_rows_and_details_have_names_that_a_reader_knows() -> None:
    assert len({rerun.title(row.name) for row in ROWS}) == len(ROWS)
    assert plain(rerun.title("1-4x1-rate0.1")) == "1: 4 × 1, rate 0.1"
    assert plain(rerun.title("2c-q50-p50")) == "2c: q = 50, p = 50"
    assert rerun.title("5-tight") == "5: at most 12 wrong"
    assert rerun.title("6a") == "6a"
    assert set(rerun.SAID) == {"", *(detail for row in ROWS for detail in details(row.name))}


def plain(text: str) -> str:
    return text.replace(rerun.NO_BREAK, " ")


def test_counts_over_the_documents_table() -> None:
    assert len(rerun.zeros()) == sum(
        printed == "0/10" for row in DOCUMENTS for printed in row.document.values()
    )
    solved = {cell["solved"] for cell in rerun.zeros()}
    assert min(solved) == 0
    assert rerun.near("lstm1997", 10) == len(DOCUMENTS)
    assert rerun.near("lstm1997", 0) <= rerun.near("lstm1997", 2) < len(DOCUMENTS)


def test_rows_where_either_training_is_ahead() -> None:
    assert rerun.part_of([{"seeds": [{"solved": True, "sequences": 1}, {"solved": False}]}]) == 0.5
    today, recipe = rerun.ahead()
    assert 0 < today <= len(ROWS) - recipe


def test_what_can_be_foreseen_surprises_no_trained_chunker() -> None:
    assert rerun.surprising("2a") < 0.05
    assert rerun.surprising("2b") > 0.95


def test_every_recipe_is_the_printed_one_and_each_detail() -> None:
    assert len(rerun.every_recipe("6a")) == 1 + len(details("6a"))


def test_a_ratio_is_of_the_solved_and_there_is_none_without_one() -> None:
    some = rerun.Again("x", 100, [50, 150], 8, 400)
    assert (some.ratio, some.in_words()) == (1.0, "1.00")
    none = rerun.Again("x", 100, [], 8, 400)
    assert (none.ratio, none.in_words()) == (None, "not within 4.0")
    found = rerun.again("4-T100", "two-marks-rate-8")
    assert found.paper == 74_000
    assert rerun.share("search-4-T100-two-marks-rate-8") == f"{len(found.solved)} of {found.count}"


def test_strips_show_what_decides_and_what_is_wanted() -> None:
    strips = {strip.name.partition(":")[0]: strip for strip in symbol_tasks() + number_tasks()}
    assert list(strips) == [
        "1",
        "2a",
        "2b",
        "2c",
        "6a",
        "6b",
        "3a",
        "3b",
        "3c",
        "4",
        "4 again",
        "5",
    ]
    for name in ("6a", "6b"):
        assert strips[name].wanted == "".join(strips[name].named.values())
    first, last = strips["1"].named.values()
    assert first == last
    assert strips["2c"].wanted.endswith(strips["2c"].named[1])
    values = {
        name: [float(v.replace("−", "-")) for v in s.named.values()]
        for name, s in strips.items()
        if name[0] in "45"
    }
    assert len(values["4"]) == len(values["5"]) == 2
    assert len(values["4 again"]) == 1
    for name in ("4", "4 again"):
        wanted = 0.5 + sum(values[name]) / 4
        assert float(strips[name].wanted) == pytest.approx(wanted, abs=0.01)
    product = values["5"][0] * values["5"][1]
    assert float(strips["5"].wanted) == pytest.approx(product, abs=0.02)


def test_strips_are_drawn_alike_each_time() -> None:
    assert symbol_tasks() == symbol_tasks()
