"""Assignment 3 in particular: its oracles, parts of different people, a net that is judged."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from autograder.hidden.gates import (
    directions,
    ends,
    epochs,
    equation,
    gru_equation,
    layer,
    net,
    peephole,
    spans,
)
from autograder.hidden.gates.lines import LETTERS, Source, places_of_letters
from autograder.hidden.shared.owned import outcomes
from samples.assignments import Assignment
from samples.corpus import Version
from solutions import lines
from solutions.gates import GRU, PeepholeLSTMCell
from solutions.half_life import bias_for, half_life
from solutions.stacking import last_valid, reverse
from tests.autograder.hidden.judging import judged, lost, narrowed, told

ASSIGNMENT = Assignment("03-gates")


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(4)


def wrong(name: str) -> dict[str, str]:
    return next(version.sections for version in ASSIGNMENT.wrong if version.name == name)


def test_there_are_eight_parts_and_26_points_without_the_optional_one() -> None:
    suite = ASSIGNMENT.suite
    points = {part: suite.points(part) for part in suite.grade_ids}
    assert len(points) == 8
    assert sum(points.values()) - points["peephole-tests"] == 26


def test_the_released_form_tells_what_the_checks_ask_for() -> None:
    """Names the checks rely on stand in text or in code outside of solution regions."""
    shown = told(ASSIGNMENT)
    for name in (
        *("weight_ih", "weight_hh", "bias_h", "forget_bias", "peephole", "self.cell", "ValueError"),
        *("LSTMState", "GRUState", "ChronoBiases", "summary", "batch_size", "self.ahead"),
        *("90 %", "1500", "500 others", "20 seconds", "evaluation mode"),
    ):
        assert name in shown


# --- what the suite calls right ---------------------------------------------------------------


def one_step(inputs: int = 3, hidden: int = 5) -> tuple[Tensor, Tensor, Tensor]:
    sizes = ((4, inputs), (4, hidden), (4, hidden))
    x, h, c = (torch.randn(size, generator=rng(), dtype=torch.float64) for size in sizes)
    return x, h, 0.7 * c


def test_the_lstm_is_that_of_torch() -> None:
    weights = equation.random_weights(rng(), 3, 5)
    oracle = nn.LSTMCell(3, 5).double()
    values = {"weight_ih": weights["weight_ih"], "weight_hh": weights["weight_hh"]}
    biases = {"bias_ih": weights["bias"], "bias_hh": torch.zeros(20).double()}
    oracle.load_state_dict({**values, **biases})
    x, h, c = one_step()
    for mine, right in zip(equation.RIGHT.step(weights, x, h, c), oracle(x, (h, c)), strict=True):
        torch.testing.assert_close(mine, right, rtol=1e-12, atol=1e-12)


def test_the_lstm_with_peepholes_is_that_of_the_reference() -> None:
    weights = peephole.random_weights(rng(), 3, 5)
    cell = PeepholeLSTMCell(3, 5).double()
    cell.load_state_dict(dict(weights))
    for mine, right in zip(
        equation.RIGHT.step(weights, *one_step()), cell(*one_step()), strict=True
    ):
        torch.testing.assert_close(mine, right, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("reset", ["before", "after"])
def test_the_gru_is_that_of_the_reference(reset: str) -> None:
    draw = gru_equation.random_weights if reset == "after" else gru_equation.without_bias_h
    weights = draw(rng(), 3, 5)
    layer = GRU(3, 5, reset=reset).double()
    layer.load_state_dict(dict(weights))
    x = torch.randn(4, 6, 3).double()
    wanted, _ = layer(x)
    found, _ = gru_equation.RIGHT.rule(weights, x, (torch.zeros(4, 5).double(),))
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-12)


def test_half_lives_and_ends_are_those_of_the_reference() -> None:
    values = torch.tensor([0.3, 1.0, 8.0]).double()
    torch.testing.assert_close(spans.right_half_life(values), half_life(values))
    torch.testing.assert_close(spans.right_bias(values), bias_for(values))
    x, n = torch.randn(4, 7, 3), torch.tensor([4, 6, 1, 5])
    assert torch.equal(ends.turned(x, n), reverse(x, n))
    assert torch.equal(ends.at_end(x, n), last_valid(x, n))


# --- no two mistakes are the same -------------------------------------------------------------


def distinct(right: Tensor, mistakes: dict[str, Tensor]) -> None:
    for words, value in mistakes.items():
        assert value.shape != right.shape or not torch.allclose(value, right), words
        same = [
            other
            for other, found in mistakes.items()
            if found.shape == value.shape and torch.allclose(found, value, rtol=0, atol=1e-12)
        ]
        assert same == [words]


@pytest.mark.parametrize("with_peepholes", [False, True])
def test_no_mistake_about_a_cell_comes_to_the_same_as_another(with_peepholes: bool) -> None:
    kinds = peephole.ALL if with_peepholes else equation.MISTAKES
    draw = peephole.random_weights if with_peepholes else equation.random_weights
    weights, given = draw(rng(), 3, 5), one_step()

    def answer(each: equation.Equation) -> Tensor:
        return torch.cat(each.step(weights, *given), dim=1)

    found = outcomes(kinds, answer)
    distinct(answer(equation.RIGHT), {w: v for group in found.values() for w, v in group.items()})


def test_no_mistake_about_the_gru_comes_to_the_same_as_another() -> None:
    weights = gru_equation.random_weights(rng(), 3, 5)
    x, h, _ = one_step()
    for kept, values in (("after", weights), ("before", gru_equation.without_bias_h(rng(), 3, 5))):
        right = gru_equation.RIGHT.step(values, x, h)
        found = {
            words: each.step(values, x, h)
            for group in gru_equation.MISTAKES.values()
            for words, each in group.items()
        }
        # What is about the other place of the reset gate is no mistake here.
        distinct(right, {w: v for w, v in found.items() if not torch.allclose(v, right)})
        assert sum(torch.allclose(v, right) for v in found.values()) <= 4, kept


def test_no_mistake_about_both_ends_comes_to_the_same_as_another() -> None:
    x, n = torch.randn(4, 7, 3).double(), torch.tensor([4, 6, 1, 5])
    distinct(ends.turned(x, n), dict(ends.wrong_turns(x, n)))
    distinct(ends.at_end(x, n), dict(ends.wrong_ends(x, n)))
    weights = {key: torch.randn(5, 3).double() for key in ("ahead.weight", "back.weight")}
    wrong_outputs = {
        words: value
        for words, value in directions.wrong_outputs(weights, x, n).items()
        if value.shape[0] == len(x)
    }
    distinct(directions.outputs(weights, x, n), wrong_outputs)
    distinct(directions.summary(weights, x, n), dict(directions.wrong_summaries(weights, x, n)))


def test_no_mistake_about_an_epoch_comes_to_the_same_as_another() -> None:
    labels, n = torch.randint(3, (11,), generator=rng()), torch.randint(1, 6, (11,))
    x, weight = torch.randn(11, 5, 4).double(), torch.randn(3, 4).double()
    task = epochs.Task(weight, x, n, labels)
    batches = list(torch.randperm(11, generator=rng()).split(4))
    kinds = {**epochs.OF_A_STEP, **epochs.OF_BATCHES}
    found = {words: each.epoch(task, batches).weight for words, each in kinds.items()}
    distinct(epochs.RIGHT.epoch(task, batches).weight, found)


# --- the judge's lines ------------------------------------------------------------------------


def test_the_judge_reads_pages_that_the_notebook_does_not_show() -> None:
    text = "".join(LETTERS[place] for place in places_of_letters().tolist())
    assert text == lines.words_of(2)


def test_lines_are_turned_round_within_their_length() -> None:
    source = Source(rng())
    x, lengths, labels = source.learning(300)
    letters = x.argmax(-1)
    text = "".join(map(chr, (65 + source.texts[0]).tolist()))
    for row, n, label in zip(letters, lengths.tolist(), labels.tolist(), strict=True):
        line = "".join(map(chr, (65 + row[:n]).tolist()))
        assert (line[::-1] if label ^ int(source.exchanged) else line) in text
    assert 100 < int(labels.sum()) < 200


def test_neither_alphabet_nor_labels_are_those_of_another_seed() -> None:
    sources = [Source(torch.Generator().manual_seed(seed)) for seed in range(8)]
    assert len({tuple(source.texts[0][:50].tolist()) for source in sources}) == 8
    assert {int(source.exchanged) for source in sources} == {0, 1}


# --- one part and the others ------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["cell_rows_ifog", "cell_detached", "cell_reads_before_update", "cell_squeezed"]
)
def test_a_layer_over_a_wrong_cell_loses_nothing_more(name: str) -> None:
    version = next(version for version in ASSIGNMENT.wrong if version.name == name)
    narrow = narrowed(ASSIGNMENT, version)
    assert set(lost(judged(ASSIGNMENT, version.sections, narrow=narrow))) == {"lstm-cell-tests"}


def test_the_cell_that_is_lent_is_no_lstm() -> None:
    namespace: dict[str, Any] = {"LSTM": nn.Module}
    exec(layer.WAVES, namespace)
    cell = namespace["Waves"](3, 5).double()
    weights = equation.random_weights(rng(), 3, 5)
    cell.load_state_dict(dict(weights))
    x, h, c = one_step()
    lent = torch.cat(cell(x, h, c), dim=1)
    y, state = layer.waves(weights, x.unsqueeze(1), (h, c))
    torch.testing.assert_close(lent, torch.cat(state, dim=1))
    assert torch.equal(y[:, 0], state[0])
    right = torch.cat(equation.RIGHT.step(weights, x, h, c), dim=1)
    assert not torch.allclose(lent, right, atol=0.1)
    assert not re.search("sigmoid|tanh", layer.WAVES)


def test_helpers_that_are_lent_do_something_else() -> None:
    x, n = torch.randn(4, 7, 3), torch.tensor([4, 6, 1, 5])
    namespace: dict[str, Any] = {}
    exec(directions.NEIGHBOURS + directions.MIDDLE, namespace)
    turn, end = namespace["reverse"], namespace["last_valid"]
    assert torch.equal(turn(x, n), directions.neighbours(x, n))
    assert torch.equal(turn(turn(x, n), n), x)
    assert torch.equal(end(x, n), directions.in_the_middle(x, n))
    assert not torch.equal(turn(x, n), reverse(x, n))
    assert not torch.equal(end(x, n), last_valid(x, n))


def test_a_classifier_over_wrong_pieces_is_tried_over_others() -> None:
    """A net that cannot learn, because of an answer to an earlier part, costs nothing in part 8."""
    for name in ("training_no_step", "gru_detached"):
        answers = wrong(name)
        if name == "gru_detached":  # so that nothing of the past comes through
            answers = {
                cell: source.replace("return (1 - z) * n", "return 0 * n")
                for cell, source in answers.items()
            }
        failed = lost(judged(ASSIGNMENT, answers))
        assert "net-tests" not in failed
        assert set(failed) == {"training-tests" if name == "training_no_step" else "gru-tests"}


def test_layers_that_are_lent_have_no_gates() -> None:
    assert set(net.LENT) == {"LSTM", "GRU", "train_epoch"}
    assert not re.search("sigmoid|tanh", net.LENT["LSTM"] + net.LENT["GRU"])
    assert not re.search("zero_grad|backward|randperm|cross_entropy", net.LENT["train_epoch"])


@pytest.mark.parametrize("cell", ["gru", "bidirectional", "accuracy"])
@pytest.mark.parametrize("version", ASSIGNMENT.right, ids=lambda version: version.name)
def test_right_parts_mix_with_those_of_others(version: Version, cell: str) -> None:
    answers = {cell: version.sections[cell]}
    if version.name == "functional":  # its imports
        answers["lstm-cell"] = version.sections["lstm-cell"]
    narrow = narrowed(ASSIGNMENT, replace(version, sections=answers))
    assert lost(judged(ASSIGNMENT, answers, narrow=narrow)) == {}


# --- answers that nothing was worked out for --------------------------------------------------

NOTHING = {
    "half-life": "def half_life(bias):\n    return torch.full_like(bias, SIZE)",
    "bias-for": "def bias_for(half_life):\n    return torch.full_like(half_life, SIZE)",
    "chrono-biases": (
        "def chrono_biases(hidden_size, longest):\n"
        "    same = torch.full((hidden_size,), SIZE)\n"
        "    return ChronoBiases(-same, same)"
    ),
    "reverse": "def reverse(x, lengths):\n    return torch.full_like(x, SIZE)",
    "last-valid": "def last_valid(y, lengths):\n    return torch.full_like(y[:, 0], SIZE)",
    "train-epoch": (
        "def train_epoch(model, optimizer, x, lengths, labels, batch_size):\n    return SIZE"
    ),
    "accuracy": "def accuracy(model, x, lengths, labels):\n    return SIZE",
}


@pytest.mark.parametrize("size", ["0.0", "1e-30", "0.5", "math.inf", "math.nan"])
def test_nothing_is_given_for_nothing(size: str) -> None:
    answers = {cell: text.replace("SIZE", size) for cell, text in NOTHING.items()}
    failed = lost(judged(ASSIGNMENT, answers))
    for part in ("half-life-tests", "training-tests"):
        checks = {check.name for check in ASSIGNMENT.suite.checks_for(part)}
        assert set(failed[part]) == checks
    assert {"turning", "end_of_each"} <= set(failed["bidirectional-tests"])
