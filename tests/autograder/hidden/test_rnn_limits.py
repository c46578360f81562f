"""Assignment 1 in particular: parts of different people, a layer over a wrong cell."""

from __future__ import annotations

import re

import pytest
import torch

from autograder.checks import CheckFailure
from autograder.hidden.rnn_limits.layer import LAYER
from autograder.hidden.shared.lending import defined
from autograder.line.sandbox import Sandbox
from autograder.suite.expect import expect
from samples.assignments import Assignment
from samples.corpus import Version
from solutions.rnn import RNNCell
from tests.autograder.hidden.judging import BLANK, judged, lost, told

ASSIGNMENT = Assignment("01-rnn-limits")


def wrong(name: str) -> dict[str, str]:
    return next(version.sections for version in ASSIGNMENT.wrong if version.name == name)


def test_the_released_form_tells_what_the_checks_ask_for() -> None:
    """Names the checks rely on stand in text or in code outside of solution regions."""
    shown = told(ASSIGNMENT)
    for name in (
        *("weight_ih", "weight_hh", "bias", "nonlinearity", "initial_state", "RNNState"),
        *("BPTTGradients", "grad_h", "jacobian_norms", "clip_gradients", "max_norm", "ValueError"),
    ):
        assert name in shown


def test_there_are_five_parts_and_twenty_points() -> None:
    assert len(ASSIGNMENT.suite.grade_ids) == 5
    assert sum(map(ASSIGNMENT.suite.points, ASSIGNMENT.suite.grade_ids)) == 20


@pytest.mark.parametrize("part", ["rnn-layer", "bptt"])
@pytest.mark.parametrize("version", ASSIGNMENT.right, ids=lambda version: version.name)
def test_right_parts_mix_with_those_of_others(version: Version, part: str) -> None:
    answers = {part: version.sections[part]}
    # parts that use helpers and imports of the same version
    if version.name in ("functional", "hoisted", "with_the_rest_of_torch"):
        answers["rnn-cell"] = version.sections["rnn-cell"]
    assert lost(judged(ASSIGNMENT, answers)) == {}


def test_a_layer_that_is_wrong_by_itself_is_told_so_over_a_wrong_cell() -> None:
    failed = lost(judged(ASSIGNMENT, wrong("cell_sigmoid") | wrong("layer_late")))
    assert set(failed) == {"rnn-cell-tests", "rnn-layer-tests"}
    assert "one step late" in failed["rnn-layer-tests"]["whole_sequence"]


def test_a_layer_stands_without_any_cell() -> None:
    blank = "class RNNCell(nn.Module):\n    def __init__(self, *args):\n        " + BLANK
    failed = lost(judged(ASSIGNMENT, {"rnn-cell": blank}))
    assert set(failed) == {"rnn-cell-tests"}
    assert len(failed["rnn-cell-tests"]) == len(ASSIGNMENT.suite.checks_for("rnn-cell-tests"))


def test_a_layer_that_needs_more_of_its_own_cell_is_told_to_begin_there() -> None:
    hoisted = next(v for v in ASSIGNMENT.right if v.name == "hoisted").sections
    broken = hoisted["rnn-cell"].replace("+ self.bias", "- self.bias")
    failed = lost(judged(ASSIGNMENT, hoisted | {"rnn-cell": broken}))
    assert "put part 1 right first" in failed["rnn-layer-tests"]["one_step"]


def test_the_cell_that_is_lent_does_not_say_how_to_write_the_cell() -> None:
    source = LAYER.lent.pieces["RNNCell"]
    lent, right = defined(source, "RNNCell")(3, 5), RNNCell(3, 5)
    lent.load_state_dict(right.state_dict())
    x, h = torch.randn(4, 3), torch.randn(4, 5)
    assert not torch.allclose(lent(x, h), right(x, h), atol=0.1)
    assert not re.search(r"@|matmul|\.linear\(|Linear|einsum|\.T\b", source)


def test_a_failure_is_an_assertion_with_words() -> None:
    with pytest.raises(CheckFailure, match="words"):
        expect(False, "words")


@pytest.mark.sandbox
@pytest.mark.parametrize(
    "name", ["cell_transposed_u", "layer_step_in_place", "bptt_by_backward", "clip_ready_made"]
)
def test_wrong_versions_get_the_same_marks_in_the_sandbox(name: str, warm_sandbox: Sandbox) -> None:
    here, there = (lost(judged(ASSIGNMENT, wrong(name), spawner=s)) for s in (None, warm_sandbox))
    assert here == there
