"""Part 4, the GRU: one mechanism at a time, both places of the reset gate, then the laws."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from autograder.checks import Student, expect_shape
from autograder.hidden.gates.gru_equation import (
    MISTAKES,
    RIGHT,
    WRONG,
    Equation,
    random_weights,
    without_bias_h,
)
from autograder.hidden.gates.suite import suite
from autograder.hidden.shared import laws
from autograder.hidden.shared.layers import Layer, Trial, Weights, zeros
from autograder.hidden.shared.owned import expect_mechanism, outcomes
from autograder.hidden.shared.tools import normal

GRU = "gru-tests"
SIZE = INPUTS, HIDDEN = 3, 5


def start(weights: Weights, batch: int) -> tuple[Tensor, ...]:
    """Zeros for h."""
    (h,) = zeros("weight_hh")(weights, batch)
    return (h[:, : weights["weight_hh"].shape[1]],)


AFTER = Layer(
    name="GRU",
    record="GRUState",
    fields=("h",),
    sizes=(SIZE, (1, 1), (2, 4), (4, 1), (1, 3)),
    weights=random_weights,
    rule=RIGHT.rule,
    start=start,
    wrong=WRONG,
)
BEFORE = replace(AFTER, options=("before",), weights=without_bias_h)


def expect_in_step(
    student: Student,
    rng: torch.Generator,
    mechanisms: tuple[str, ...],
    hint: str,
    layer: Layer = AFTER,
    *,
    fed: bool = True,
) -> None:
    """Fail unless one step is right; name the mistake. Mistakes of other mechanisms pass."""
    weights = dict(layer.weights(rng, *SIZE))
    if not fed:
        weights["weight_hh"] = torch.zeros_like(weights["weight_hh"])
    trial = Trial(student, rng, replace(layer, weights=lambda rng, *size: weights))
    x, h = normal(rng, 4, INPUTS), normal(rng, 4, HIDDEN)

    def answer(equation: Equation) -> Tensor:
        return equation.step(weights, x, h)

    found = trial.step(x, (h,))["the output"]
    expect_shape(found, h.shape, what="the output of step", hint=hint)
    mistakes = outcomes(MISTAKES, answer)
    expect_mechanism(found, answer(RIGHT), mistakes, mechanisms, hint, "the output of step")


@suite.check(GRU, points=0.5, title="the update gate weighs the old state against the new")
def update(student: Student, rng: torch.Generator) -> None:
    hint = "h(t) = (1 - z) n + z h(t-1), with z = s(net_z)"
    expect_in_step(student, rng, ("update",), hint)


@suite.check(GRU, points=0.5, title="the candidate passes tanh")
def candidate(student: Student, rng: torch.Generator) -> None:
    hint = "U is 0 here, so n = tanh(W_n x + b_n + r b_h)"
    expect_in_step(student, rng, ("candidate",), hint, fed=False)


@suite.check(GRU, points=0.5, title="reset='after': r multiplies U_n h(t-1) + b_h")
def reset_after(student: Student, rng: torch.Generator) -> None:
    hint = "n = tanh(W_n x + b_n + r (U_n h(t-1) + b_h))"
    expect_in_step(student, rng, ("reset", "place"), hint)


@suite.check(GRU, points=0.5, title="reset='before': r multiplies h(t-1)")
def reset_before(student: Student, rng: torch.Generator) -> None:
    hint = "n = tanh(W_n x + b_n + U_n (r h(t-1)))"
    expect_in_step(student, rng, ("reset", "place"), hint, BEFORE)


@suite.check(GRU, points=0.5, title="rows in the order r, z, n")
def gru_places(student: Student, rng: torch.Generator) -> None:
    hint = "The three net inputs stand one after the other: r, z, n"
    expect_in_step(student, rng, ("rows",), hint)


@suite.check(GRU, points=0.5, title="both gates hear the old state")
def gates_hear(student: Student, rng: torch.Generator) -> None:
    hint = "net_r and net_z are W x + U h(t-1) + b"
    expect_in_step(student, rng, ("fed",), hint)


@suite.check(GRU, points=0.5, title="gradients flow through time and into the first state")
def gru_gradients(student: Student, rng: torch.Generator) -> None:
    for layer in (AFTER, BEFORE):
        laws.layer_gradients(student, rng, layer)


@suite.check(GRU, points=0.5, title="sequences, chunks, sizes of one, float32, calls apart")
def gru_edges(student: Student, rng: torch.Generator) -> None:
    for law in (laws.apart, laws.layer_edges):
        for layer in (AFTER, BEFORE):
            law(student, rng, layer)
