"""Part 5, the selective block: its equation, one mechanism at a time, then the laws."""

from __future__ import annotations

import torch
from torch import Tensor

from autograder.checks import Student, expect_shape
from autograder.hidden.shared import laws
from autograder.hidden.shared.layers import Layer, Rule, Trial
from autograder.hidden.shared.owned import Mistake, known
from autograder.hidden.shared.tools import ATOL, close, expect_value
from autograder.hidden.state_space.choosing import (
    MISTAKES,
    RIGHT,
    SINGLE,
    WRONG,
    random_weights,
    start,
)
from autograder.hidden.state_space.stepping import as_it_steps, hold, rules_in_twos
from autograder.hidden.state_space.suite import SELECTIVE, suite

LAYER = Layer(
    name="SelectiveBlock",
    record="SelectiveState",
    fields=("tail", "h"),
    sizes=((2, 3, 2, 4, 1), (1, 1, 1, 2, 1), (2, 1, 3, 3, 2), (3, 2, 1, 1, 1)),
    weights=random_weights,
    rule=RIGHT.rule,
    start=start,
    wrong=WRONG,
    doubles=lambda: rules_in_twos(RIGHT, SINGLE),
)
WHAT = "the output of step"


def expect_in_step(student: Student, rng: torch.Generator, mechanism: str, hint: str) -> None:
    """Fail unless the second of two steps is right, or wrong by other mechanisms' mistakes.

    The second one shows what the first has left in the state, too.
    """
    trial = Trial(student, rng, LAYER)
    x, state = trial.tokens(4, 2), trial.somewhere(4)
    first = trial.step(x[:, 0], state)
    found = trial.step(x[:, 1], tuple(first[words] for words in trial.words))["the output"]
    wanted = RIGHT.rule(trial.weights, x, state)[0][:, 1]
    expect_shape(found, wanted.shape, what=WHAT, hint=hint)

    def answer(rule: Rule) -> Tensor:
        return rule(trial.weights, x, state)[0][:, 1]

    others = (
        each.rule
        for name, wrong in MISTAKES.items()
        if name != mechanism
        for each in wrong.values()
    )
    if close(found, wanted, ATOL) or any(close(found, answer(each), 100 * ATOL) for each in others):
        return
    own = {words: answer(each.rule) for words, each in MISTAKES[mechanism].items()}
    layer, two = as_it_steps(student, LAYER)
    if len(two) > 1 and close(found, answer(layer.rule), 100 * ATOL):
        named = [words for words in two if words in own]
        if not named:
            return
        own = {". And: ".join(named): answer(layer.rule)}
    elif known(found, (Mistake("own", *each) for each in own.items())) is None:
        hint = f"{hint}. Or more than one thing is wrong: compare line by line, from the top"
    expect_value(found, wanted, own, hint, what=WHAT)


@suite.check(SELECTIVE, points=0.5, title="the short convolution, its silu, and its tail")
def short_convolution(student: Student, rng: torch.Generator) -> None:
    hint = "u = silu(b_c + sum of w(j) u), over the tail and the token itself"
    expect_in_step(student, rng, "short_convolution", hint)


@suite.check(SELECTIVE, points=0.5, title="the token selects step size, B and C")
def selects(student: Student, rng: torch.Generator) -> None:
    hint = "r, B, C are W_s u in this order, and delta = softplus(W_d r + b_d)"
    expect_in_step(student, rng, "selects", hint)


@suite.check(SELECTIVE, points=0.5, title="the state fades by exp(delta A)")
def decays(student: Student, rng: torch.Generator) -> None:
    expect_in_step(student, rng, "decays", "It is exp(delta A), with A = -exp(log_A)")


@suite.check(SELECTIVE, points=0.5, title="delta u B is written")
def written(student: Student, rng: torch.Generator) -> None:
    expect_in_step(student, rng, "written", "delta u B is added, for each channel and state")


@suite.check(SELECTIVE, points=0.5, title="C reads the new state; D u goes past it")
def reads(student: Student, rng: torch.Generator) -> None:
    expect_in_step(student, rng, "reads", "y = C . h(t) + D u")


@suite.check(SELECTIVE, points=0.5, title="the other half gates: y silu(z)")
def gated(student: Student, rng: torch.Generator) -> None:
    expect_in_step(student, rng, "gated", "out = W_out (y silu(z))")


hold(
    suite,
    SELECTIVE,
    lambda student: LAYER,
    {
        (laws.initial_state,): 0.5,
        (laws.one_step,): 0.5,
        (laws.whole_sequence,): 0.5,
        (laws.chunks, laws.start_state): 0.5,
        (laws.layer_gradients,): 0.5,
        (laws.layer_edges, laws.apart): 0.5,
    },
    "selective_",
)
