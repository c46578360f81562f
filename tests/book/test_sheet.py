"""The sheet of chapter 10 and its figure to touch say what was measured."""

from __future__ import annotations

import pytest
import sheet
from touch import sheet as figure

from experiments.sheet.layers import LAYERS

START = figure.FIGURE.start()


@pytest.mark.parametrize("column", sheet.BY_NAME)
def test_the_best_of_a_column_is_at_one_and_the_worst_at_zero(column: str) -> None:
    values = {name: sheet.value(name, column) for name in LAYERS}
    ends = sorted(values.values())
    best = sheet.best(column)[0]
    assert values[best] == (ends[-1] if sheet.BY_NAME[column].more else ends[0])
    assert sheet.goodness(best, column) == 1
    assert min(sheet.goodness(name, column) for name in LAYERS) == 0
    assert sheet.best(column, 1, lambda name: name != best) != [best]


def test_values_are_means_of_what_was_recorded() -> None:
    recorded = sheet.RESULTS["recall"].outcomes["lstm"]["quality"]
    assert sheet.value("lstm", "recall") == pytest.approx(sum(recorded) / 5)
    assert sheet.value("lstm", "state") == pytest.approx(2 * 40 * 4)  # h and c
    left = sheet.RESULTS["reach"].outcomes["lstm"]["left"]
    assert min(left) < sheet.value("lstm", "gradient") < max(left)


def test_numbers_are_written_in_their_unit() -> None:
    assert sheet.percent(0.987) == "99 %"
    assert sheet.percent(-0.02) == "−2 %"
    assert sheet.percent(-0.002) == "0 %"
    assert sheet.power(3e-22) == "1e−22"
    assert sheet.power(0.5) == "0.50"
    assert [sheet.size(n) for n in (320, 4800, 384_000)] == ["320 B", "4.8 kB", "384 kB"]


def test_a_span_names_its_unit_once() -> None:
    assert sheet.span("rnn", "permutations") == "100 %"
    low, high = min(sheet.seeds("rnn", "text")), max(sheet.seeds("rnn", "text"))
    assert sheet.span("rnn", "text") == f"{low:.2f} to {high:.2f} nats"


def test_a_budget_strikes_out_what_is_larger_or_slower() -> None:
    assert figure.kept(START) == len(LAYERS)
    small = START | {"state": 2.5}
    kept = [name for n, name in enumerate(LAYERS) if figure.within(n, small)]
    assert kept == [name for name in LAYERS if sheet.value(name, "state") <= 10**2.5]
    assert 0 < len(kept) < len(LAYERS)
    words = figure.FIGURE.written(small)
    assert words["ends"].count("over") == len(LAYERS) - len(kept)
    assert "over" not in words["ends"][: len(kept)]  # those that are left come first
    values = figure.FIGURE.values(small)
    faint = [number for number in range(16) if values[f"dot_{number}"][2] < 1]
    assert len(faint) == len(LAYERS) - len(kept)
    assert not any(values["bar_15"])
    assert figure.FIGURE.written(START | {"time": 1.0, "state": 2.25})["first"] == ["none"]


def test_layers_are_sorted_by_the_chosen_column() -> None:
    for number, column in enumerate(sheet.COLUMNS):
        rows = figure.FIGURE.written(START | {"sort": number})["rows"]
        assert rows[0][2:].split(",")[0] == LAYERS[sheet.best(column.name)[0]].name.split(",")[0]


def test_only_those_that_are_asked_for_are_left() -> None:
    for only, left_out in ((1, sheet.LOOPS), (2, sheet.GROWS)):
        kept = [n for n in range(16) if figure.within(n, START | {"only": only})]
        assert [list(LAYERS)[n] for n in kept] == [n for n in LAYERS if n not in left_out]


def test_the_figure_names_columns_in_the_order_of_the_sheet() -> None:
    for words, column in zip(figure.COLUMNS, sheet.COLUMNS, strict=True):
        assert column.name.split()[0] in words
