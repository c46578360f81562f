"""The tables of chapter 5: every cell is printed, and none says more than its budget allows."""

from __future__ import annotations

import re

import pytest
import rerun
import results_of_1997 as results
import tables_of_1997 as tables
from bs4 import BeautifulSoup, Tag
from committed import committed

from experiments.documents.rows import COLUMNS
from experiments.documents.rows import ROWS as DOCUMENTS
from experiments.harness.outcomes import successes
from experiments.paper.rows import ROWS
from experiments.tables.printed import modern_name


def rows_of(table: tables.Table) -> list[list[str]]:
    """Return the cells of each row, without the lines that head a group."""
    page = BeautifulSoup(table.html, "html.parser")
    rows = page.select('tbody tr:not(:has(th[scope="rowgroup"]))')
    return [[cell.get_text() for cell in row.select("th, td")] for row in rows]


def heads_of(table: tables.Table) -> list[Tag]:
    return BeautifulSoup(table.html, "html.parser").select('th[scope="rowgroup"]')


def test_a_group_has_a_head_as_wide_as_the_table() -> None:
    table = tables.grouped(["a", "b"], [("<first>", [("x", 1)]), ("second", [("y", 2)])])
    assert rows_of(table) == [["x", "1"], ["y", "2"]]
    assert [(head.get_text(), head["colspan"]) for head in heads_of(table)] == [
        ("<first>", "2"),
        ("second", "2"),
    ]
    assert len(BeautifulSoup(table.html, "html.parser").select("thead")) == 1


def test_every_cell_that_the_document_prints_stands_beside_what_was_measured() -> None:
    table = tables.documents_table()
    wanted = [
        [COLUMNS[name], printed, tables.passed([rerun.learners(row.name)[name]])]
        for row in DOCUMENTS
        for name, printed in row.document.items()
        if printed != "—"
    ]
    assert [row[:3] for row in rows_of(table)] == wanted
    assert [
        head.get_text().startswith(row.title)
        for head, row in zip(heads_of(table), DOCUMENTS, strict=True)
    ] == [True] * len(DOCUMENTS)


def test_a_budget_below_the_paper_s_own_need_is_shown_as_such() -> None:
    own = [row for row in rows_of(tables.documents_table()) if row[0] == COLUMNS["lstm1997"]]
    compared = [row[-1] for row in own if "×" in row[-1]]
    assert len(compared) == len(tables.SAME_TASK)
    adding = rerun.learners("adding-1000")["lstm1997"]["budget"]
    assert tables.of_the_paper("adding-1000") == pytest.approx(adding / 853_000)


def test_a_moved_mark_is_counted_within_the_same_budget() -> None:
    early = rerun.learners("adding-100")
    rows = rows_of(tables.moved_table())
    for row, (name, late) in zip(rows, rerun.trials_in(results.MOVED).items(), strict=True):
        learner, within, both, one, left = row
        budget = min(early[name]["budget"], late["budget"])
        assert (learner, within) == (COLUMNS[name], f"{budget:,}")
        for said, found in ((both, early[name]), (one, late)):
            soon = [sequences for sequences in successes([found])[0] if sequences <= budget]
            assert said == f"{len(soon)}/10"
        assert (left == "—") == (late["solved"] == late["of"])


def test_who_passes_after_the_smaller_budget_does_not_count() -> None:
    seeds = [{"solved": True, "sequences": 10}, {"solved": True, "sequences": 30}]
    assert tables.solved_within({"seeds": seeds}, 20) == "1/2"
    assert tables.solved_within({"seeds": seeds}, 30) == "2/2"


def test_every_row_of_the_paper_stands_in_its_table() -> None:
    rows = rows_of(tables.paper_table())
    assert [row[0] for row in rows] == [rerun.title(row.name) for row in ROWS]
    shown = set()
    for row, known in zip(rows, ROWS, strict=True):
        found = rerun.again(known.name)
        assert row[1] == f"{known.paper:,}"
        assert row[2].startswith(f"{len(found.solved)}/{found.count} ")
        # One run of today's training is told once.
        assert row[-1].startswith("as for") == (modern_name(known.name) in shown)
        shown.add(modern_name(known.name))


def test_where_no_net_ended_stands_within_how_much() -> None:
    none = tables.in_short(rerun.Again("x", 100, [], 8, 400))
    some = tables.in_short(rerun.Again("x", 100, [50, 150], 8, 400))
    assert (none, some) == ("0/8 in 4.0 ×", "2/8 at 1.0 ×")


def test_errors_after_the_end_stand_beside_the_paper_s() -> None:
    assert set(tables.WRONG) == {row.name for row in ROWS if row.name[0] in "3456"}
    assert tables.then_wrong("3b-T100-N3").endswith(" (21.2)")
    assert tables.then_wrong("4-T100") == "— (1.0)"  # none ended
    assert "(" not in tables.then_wrong("2a-p100")


def test_a_search_is_grouped_by_row() -> None:
    table = tables.search_table(["5-loose", "5-tight"])
    assert [head.get_text() for head in heads_of(table)] == [
        "5: at most 139 wrong",
        "5: at most 12 wrong",
    ]
    assert rows_of(table)[0][0] == "as printed"


def test_what_was_not_tried_has_a_dash() -> None:
    ((_, adding, order, reber),) = rows_of(tables.ablation_table({"0.99": "a loop of 0.99"}))
    assert adding.startswith("0/8; ")  # and what the nets got right all the same
    assert re.search(r"\d+ %$", adding)
    assert order != "—"
    assert reber == "—"


def test_the_best_of_the_rates_stands_for_a_model_that_lost() -> None:
    ((_, *said),) = rows_of(tables.lost_table({"chunker": "chunker"}, lengths=(10,)))
    for path, words in zip(results.LOSERS.values(), said, strict=True):
        found = committed(path)
        tried = [
            len(successes([found.outcomes[key]])[0])
            for key, given in found.parameters.items()
            if (given["learner"], given["p"]) == ("chunker", 10)
        ]
        assert len(tried) == 3
        assert words.startswith(f"{max(tried)}/5")
