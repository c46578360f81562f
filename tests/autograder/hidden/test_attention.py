"""Assignment 5 in particular: what its text tells, what is refused, parts that stand alone."""

from __future__ import annotations

import pytest
import torch

from autograder.hidden.attention.babble import START, Past, drawn, new
from autograder.hidden.attention.feeding import RIGHT, random_weights, with_source
from autograder.hidden.attention.greedy import starting_again
from autograder.hidden.attention.searching import BEAM, GREED
from autograder.hidden.attention.suite import (
    ADDITIVE,
    DECODER,
    ENCODER,
    GREEDY,
    LOOK,
    LUONG,
)
from autograder.hidden.attention.suite import (
    BEAM as BEAM_PART,
)
from autograder.hidden.shared.refused import ATTENTION
from autograder.hidden.shared.tools import normal
from samples.assignments import Assignment
from samples.corpus import Version
from solutions.decoding import beam_search, greedy
from tests.autograder.hidden.judging import judged, lost, narrowed, told

ASSIGNMENT = Assignment("05-attention")


def wrong(name: str) -> Version:
    return next(version for version in ASSIGNMENT.wrong if version.name == name)


def rng(seed: int = 3) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_released_form_tells_what_the_checks_ask_for() -> None:
    """Names the checks rely on stand in text or in code outside of solution regions."""
    shown = told(ASSIGNMENT)
    for name in (
        *("masked_softmax", "align", "padding_mask", "PackedEncoder", "Source", "self.gru"),
        *("AdditiveScore", "DotScore", "GeneralScore", "self.query", "self.key", "self.v"),
        *("InputFeedingDecoder", "FeedingState", "advance", "initial_state", "start(source)"),
        *("self.cell", "self.combine", "look.key_size", "greedy", "Written", "longest", "START"),
        *("beam_search", "Hypothesis", "width", "rows_of", "filled up with"),
    ):
        assert name in shown


def test_there_are_seven_parts_and_twenty_six_points() -> None:
    parts = {LOOK, ENCODER, ADDITIVE, LUONG, DECODER, GREEDY, BEAM_PART}
    assert set(ASSIGNMENT.suite.grade_ids) == parts
    assert sum(map(ASSIGNMENT.suite.points, ASSIGNMENT.suite.grade_ids)) == 26


def test_ready_made_attention_is_refused_everywhere() -> None:
    for part in ASSIGNMENT.suite.grade_ids:
        assert ASSIGNMENT.suite.refused(part) == ATTENTION


def test_a_part_stands_without_any_other_answer() -> None:
    cells = [cell for answers in ASSIGNMENT.answers.values() for cell in answers]
    for part, answers in ASSIGNMENT.answers.items():
        others = dict.fromkeys(set(cells) - answers, "raise NotImplementedError()")
        failed = lost(judged(ASSIGNMENT, others))
        assert set(failed) == set(ASSIGNMENT.suite.grade_ids) - {part}


@pytest.mark.parametrize(
    "name",
    [
        *("look_nan_repaired_in_numbers", "decoder_old_state_asks", "decoder_reads_keys_anew"),
        *("decoder_begins_in_float32", "greedy_never_start", "greedy_with_a_graph"),
        *("greedy_scores_in_float32", "beam_stops_with_the_best", "beam_sets_the_ended_aside"),
    ],
)
def test_what_the_text_insists_on_is_tested_where_a_student_sees_it(name: str) -> None:
    version = wrong(name)
    verdict = judged(ASSIGNMENT, version.sections, narrow=narrowed(ASSIGNMENT, version))
    failed = [cell.cell_id for cell in verdict.cells if cell.status != "ok"]
    assert failed == list(version.breaks)


# --- the oracles ------------------------------------------------------------------------------


def test_the_searches_of_the_judge_find_what_the_reference_finds() -> None:
    for seed in range(5):
        model, past = drawn(rng(seed)), new(rng(seed), (0, 2))
        text, written = GREED.write(model, past, 9), greedy(model, past, 9)
        assert text.symbols.equal(written.symbols)
        torch.testing.assert_close(text.scores, written.scores)
        one = past.rows([0])
        for width in (1, 4):
            lines, found = BEAM.find(model, one, width, 7), beam_search(model, one, width, 7)
            assert [list(line.symbols) for line in lines] == [each.symbols for each in found]
            assert [line.score for line in lines] == pytest.approx([each.score for each in found])


def test_somebody_who_excludes_start_is_always_seen() -> None:
    for seed in range(100):
        model, past = starting_again(rng(seed), 3, (1,), 9)
        assert START in GREED.write(model, past, 9).symbols


def test_the_lent_look_is_not_chaotic() -> None:
    """An error of rounding stays one over 67 steps, so that right answers agree to 1e-10."""
    for seed in range(10):
        weights = random_weights(rng(seed), 3, 5, 4)
        state = with_source(rng(seed), weights, 2)
        x = normal(rng(seed), 2, 67, 3)
        nudged = (state[0] + 1e-12, *state[1:])
        (first, _), (second, _) = (RIGHT.rule(weights, x, s) for s in (state, nudged))
        assert float((first - second).abs().max()) < 1e-10


def test_a_state_keeps_its_rows() -> None:
    past = new(rng(), (0, 1, 2))
    assert isinstance(past.rows([2, 0, 2]), Past)
    assert past.rows([2, 0, 2]).age.flatten().tolist() == [2, 0, 2]
