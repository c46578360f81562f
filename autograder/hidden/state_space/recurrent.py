"""Part 6, a recurrence of the student's choice: the laws, by the equation that they chose."""

from __future__ import annotations

from collections.abc import Mapping

from autograder.checks import Student, expect
from autograder.hidden.shared import laws
from autograder.hidden.shared.layers import Layer, Rule
from autograder.hidden.shared.owned import in_twos
from autograder.hidden.state_space.recurring import (
    DELTA,
    DELTA_WRONG,
    GRU,
    GRU_WRONG,
    delta_start,
    delta_weights,
    gru_start,
    gru_weights,
)
from autograder.hidden.state_space.stepping import Words, hold
from autograder.hidden.state_space.suite import RECURRENT, suite

KINDS = {
    "minGRU": Layer(
        name="Recurrent",
        record="VectorState",
        fields=("h",),
        sizes=((3, 5), (1, 1), (2, 4), (4, 1), (1, 3)),
        weights=gru_weights,
        rule=GRU.rule,
        start=gru_start,
        wrong={words: each.rule for words, each in GRU_WRONG.items()},
    ),
    "gated delta rule": Layer(
        name="Recurrent",
        record="MatrixState",
        fields=("S",),
        sizes=((3, 5), (1, 1), (2, 4), (4, 1), (1, 3)),
        weights=delta_weights,
        rule=DELTA.rule,
        start=delta_start,
        wrong={words: each.rule for words, each in DELTA_WRONG.items()},
    ),
}


def chosen(student: Student) -> Layer:
    """What the student's layer says that it is; whether it is that, the laws will see."""
    kind = student.Recurrent.kind
    names = " or ".join(repr(name) for name in KINDS)
    known = isinstance(kind, str) and kind in KINDS
    expect(known, f"Recurrent.kind should be {names}: inherit MinGRUParts or DeltaParts")
    return KINDS[kind]


DOUBLES = {
    "VectorState": in_twos(GRU, GRU_WRONG),
    "MatrixState": in_twos(DELTA, DELTA_WRONG),
}


def doubles(layer: Layer) -> Mapping[Words, Rule]:
    """The equations with two mistakes, by their words."""
    return {two: each.rule for two, each in DOUBLES[layer.record].items()}


hold(
    suite,
    RECURRENT,
    chosen,
    doubles,
    {(law,): 0.5 for law in laws.ALL},
    "recurrent_",
    strict=(laws.one_step,),
)
