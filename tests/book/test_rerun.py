"""The tables of chapter 5: every result is read, and words are those of the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
import rerun
import results_of_1997 as results
from bs4 import BeautifulSoup, Tag
from committed import committed
from tasks_of_1997 import number_tasks, symbol_tasks

from experiments.documents.rows import ROWS as DOCUMENTS
from experiments.harness.outcomes import describe
from experiments.paper.rows import ROWS
from experiments.search.rows import details
from experiments.tables.printed import cell, modern_name

ROOT = Path(__file__).resolve().parents[2]


def rows_of(table: rerun.Table) -> list[Tag]:
    return BeautifulSoup(table.html, "html.parser").select("tbody tr")


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


def test_a_moved_mark_stands_beside_the_paper_s_own_places() -> None:
    rows = rows_of(rerun.moved_table())
    early = rerun.learners("adding-100")
    for row, (name, late) in zip(rows, rerun.trials_in(results.MOVED).items(), strict=True):
        budget, both, one = (said.get_text() for said in row.select("td"))
        assert budget == f"{early[name]['budget']:,}"
        assert (both, one) == (cell([early[name]])[1], cell([late])[1])


def test_every_row_of_the_paper_stands_in_its_table() -> None:
    rows = rows_of(rerun.paper_table())
    assert [row.select_one("th").get_text() for row in rows] == [
        rerun.title(row.name) for row in ROWS
    ]
    for row, known in zip(rows, ROWS, strict=True):
        printed, here, *_ = (said.get_text() for said in row.select("td"))
        assert printed.startswith(f"{known.paper:,}")
        assert here == cell(rerun.outcomes(f"paper-{known.name}"))[1]


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


def test_what_can_be_foreseen_surprises_no_trained_chunker() -> None:
    assert rerun.surprising("2a") < 0.05
    assert rerun.surprising("2b") > 0.95


def test_every_recipe_is_the_printed_one_and_each_detail() -> None:
    assert len(rerun.every_recipe("6a")) == 1 + len(details("6a"))


def test_every_cell_of_the_documents_stands_beside_what_was_measured() -> None:
    rows = rows_of(rerun.documents_table())
    assert len(rows) == len(DOCUMENTS)
    for row, known in zip(rows, DOCUMENTS, strict=True):
        cells = [said.get_text() for said in row.select("td")]
        for said, (learner, printed) in zip(cells, known.document.items(), strict=True):
            words = cell([rerun.learners(known.name)[learner]])[1]
            assert said == f"{printed} | {words}"


def test_a_ratio_is_of_the_solved_and_there_is_none_without_one() -> None:
    some = rerun.Again("x", 100, [50, 150], 8, 400)
    assert (some.ratio, some.in_words()) == (1.0, "1.00")
    none = rerun.Again("x", 100, [], 8, 400)
    assert (none.ratio, none.in_words()) == (None, "not within 4.0")
    found = rerun.again("4-T100", "two-marks-rate-8")
    assert found.paper == 74_000
    assert rerun.share("search-4-T100-two-marks-rate-8") == f"{len(found.solved)} of {found.count}"


def test_what_was_not_tried_has_a_dash() -> None:
    (row,) = rows_of(rerun.ablation_table({"0.99": "a loop of 0.99"}))
    adding, order, reber = (said.get_text() for said in row.select("td"))
    assert adding != "—"
    assert order != "—"
    assert reber == "—"


def test_the_best_of_the_rates_stands_for_a_model_that_lost() -> None:
    (row,) = rows_of(rerun.lost_table({"chunker": "chunker"}, lengths=(10,)))
    words = [said.get_text() for said in row.select("td")]
    for path, said in zip(results.LOSERS.values(), words, strict=True):
        found = committed(path)
        tried = [
            describe([found.outcomes[key]])[1]
            for key, given in found.parameters.items()
            if (given["learner"], given["p"]) == ("chunker", 10)
        ]
        assert len(tried) == 3
        assert said in tried


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
