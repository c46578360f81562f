"""Part 6, a recurrence of the student's choice: the laws, by the equation that they chose."""

from __future__ import annotations

from autograder.checks import Student, expect
from autograder.hidden.shared import laws
from autograder.hidden.shared.layers import Layer
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
from autograder.hidden.state_space.stepping import hold, rules_in_twos
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
        doubles=lambda: rules_in_twos(GRU, GRU_WRONG),
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
        doubles=lambda: rules_in_twos(DELTA, DELTA_WRONG),
    ),
}


def chosen(student: Student) -> Layer:
    """What the student's layer says that it is; whether it is that, the laws will see."""
    kind = student.Recurrent.kind
    names = " or ".join(repr(name) for name in KINDS)
    known = isinstance(kind, str) and kind in KINDS
    expect(known, f"Recurrent.kind should be {names}: inherit MinGRUParts or DeltaParts")
    return KINDS[kind]


hold(
    suite,
    RECURRENT,
    chosen,
    {(law,): 0.5 for law in laws.ALL},
    "recurrent_",
    strict=(laws.one_step,),
)
