"""Part 1, the LSTM cell: how it starts, then one step, one mechanism at a time."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from autograder.checks import (
    Remote,
    Student,
    expect,
    expect_close,
    expect_shape,
    expect_type,
)
from autograder.hidden.gates.equation import MISTAKES, RIGHT, Equation, random_weights
from autograder.hidden.gates.suite import suite
from autograder.hidden.shared.asking import expect_form
from autograder.hidden.shared.comparing import alike
from autograder.hidden.shared.gradients import expect_gradients
from autograder.hidden.shared.layers import Weights, gradients_of, loaded
from autograder.hidden.shared.owned import expect_mechanism, outcomes
from autograder.hidden.shared.tools import DOUBLE, SINGLE, normal, untouched

CELL = "lstm-cell-tests"
INPUTS, HIDDEN = 3, 5
NAMES = "h(t)", "c(t)"
SWAPPED = next(iter(MISTAKES["pair"]))
GATES = {"i": 0, "f": 1, "g": 2, "o": 3}  # by their place in the rows


# --- how it starts ----------------------------------------------------------------------------


@suite.check(CELL, points=0.5, title="the parameters: names, shapes, random starts")
def cell_parameters(student: Student, rng: torch.Generator) -> None:
    shapes = {"weight_ih": (900, 30), "weight_hh": (900, 225), "bias": (900,)}
    state, other = (student.LSTMCell(30, 225).state_dict() for _ in range(2))
    expect(
        set(state) == set(shapes),
        f"LSTMCell should have the parameters {', '.join(shapes)} and no others; "
        f"it has {', '.join(state) or 'none'}",
    )
    bound = 1 / math.sqrt(225)
    for name, shape in shapes.items():
        expect_shape(state[name], shape, what=f"{name} of LSTMCell(30, 225)")
        value = state[name].double()
        # 900 numbers, uniform: all of them within 0.9 of the range once in 1e41 draws.
        expect(
            float(value.abs().max()) <= bound + 1e-6 and float(value.abs().max()) > 0.9 * bound,
            f"{name} should start uniform within 1/sqrt(hidden) of 0, as the given lines make it",
        )
        expect(not torch.equal(state[name], other[name]), f"two cells start with the same {name}")
    # The constructor is given; parameters are worth something in a cell that takes a step.
    x, h = normal(rng, 4, 30).float(), normal(rng, 4, 225).float()
    both(student.LSTMCell(30, 225)(x, h, h), h.shape)


@suite.check(CELL, points=0.5, title="forget_bias: the bias of all forget gates, and of no others")
def forget_start(student: Student, rng: torch.Generator) -> None:
    hidden, bias = 50, 1 + float(torch.rand((), generator=rng))
    for given in (bias, 0.0, -3.0):
        state = student.LSTMCell(4, hidden, forget_bias=given).state_dict()
        expect("bias" in state, "LSTMCell has no parameter 'bias'")
        expect_shape(state["bias"], (4 * hidden,), what=f"bias of LSTMCell(4, {hidden})")
        parts = dict(zip(GATES, state["bias"].double().chunk(4), strict=True))
        set_to = [name for name, part in parts.items() if bool((part - given).abs().max() < 1e-6)]
        hint = f"with forget_bias = {given:.3g}, the bias of the forget gates, rows hidden to 2 "
        hint += "hidden, should start as that number"
        others = [name for name in set_to if name != "f"]
        if others:
            hint += f"; here that of {' and '.join(others)} does"
        elif bool((parts["f"] - given).abs().min() < 1e-6):
            hint += "; here that of some of them does"
        elif bool(((parts["f"] - given).abs() < 0.15).all()):
            hint += "; is it added to what stands there?"
        expect(set_to == ["f"], hint)
        for name, part in parts.items():
            if name != "f":
                expect(
                    part.unique().numel() > hidden / 2,
                    f"the bias of {name} should stay random; forget_bias is for the forget gates",
                )
    parameters = student.LSTMCell(4, hidden).state_dict()
    spread = parameters["bias"].double().chunk(4)[1].unique().numel()
    expect(spread > hidden / 2, "without forget_bias the forget gates start at random, too")


# --- one mechanism at a time ------------------------------------------------------------------


def cell_with(student: Student, weights: Weights) -> tuple[Remote, dict[str, str]]:
    cell: Remote = student.LSTMCell(weights["weight_ih"].shape[1], weights["weight_hh"].shape[1])
    expect_type(cell, Remote, what="LSTMCell(...)")
    return cell, loaded(cell, weights)


def both(answer: Any, shape: torch.Size, what: str = "LSTMCell") -> tuple[Tensor, Tensor]:
    """h(t) and c(t) of an answer that should be the two."""
    are_two = isinstance(answer, tuple) and len(answer) == 2
    expect(are_two, f"{what} should return two tensors, h(t) and c(t)")
    for name, value in zip(NAMES, answer, strict=True):
        expect_shape(value, shape, what=f"{name} that {what} returns")
    h, c = answer
    return h, c


def expect_in_cell(
    student: Student,
    rng: torch.Generator,
    mechanism: str,
    hint: str,
    *,
    part: str = "h(t) and c(t)",
    fed: bool = False,
) -> None:
    """Fail unless this part of one step's answer is right; name the mistake."""
    weights = dict(random_weights(rng, INPUTS, HIDDEN))
    if not fed:
        weights["weight_hh"] = torch.zeros_like(weights["weight_hh"])
    x, h, c = normal(rng, 4, INPUTS), normal(rng, 4, HIDDEN), normal(rng, 4, HIDDEN)
    at = {"h(t)": slice(0, HIDDEN), "c(t)": slice(HIDDEN, None)}.get(part, slice(None))

    def answer(equation: Equation) -> Tensor:
        return torch.cat(equation.step(weights, x, h, c), dim=1)[:, at]

    cell, _ = cell_with(student, weights)
    found = torch.cat(both(cell(x, h, c), h.shape), dim=1)[:, at]
    mistakes = outcomes(MISTAKES, answer)
    expect_mechanism(found, answer(RIGHT), mistakes, (mechanism,), hint, part)


@suite.check(CELL, points=0.5, title="what is written: i times g, through a gate and tanh")
def written(student: Student, rng: torch.Generator) -> None:
    hint = "c(t) = f c(t-1) + i g, with i = s(net_i) and g = tanh(net_g)"
    expect_in_cell(student, rng, "write", hint, part="c(t)")


@suite.check(CELL, points=0.5, title="what is kept: f times the old cell")
def kept(student: Student, rng: torch.Generator) -> None:
    hint = "c(t) = f c(t-1) + i g, with f = s(net_f)"
    expect_in_cell(student, rng, "keep", hint, part="c(t)")


@suite.check(CELL, points=1, title="what is read: o times tanh of the new cell")
def read(student: Student, rng: torch.Generator) -> None:
    hint = "h(t) = o tanh(c(t)), with o = s(net_o)"
    expect_in_cell(student, rng, "read", hint, part="h(t)")


@suite.check(CELL, points=0.5, title="rows in the order i, f, g, o")
def places(student: Student, rng: torch.Generator) -> None:
    hint = "The four net inputs stand one after the other: i, f, g, o"
    expect_in_cell(student, rng, "rows", hint)


@suite.check(CELL, points=0.5, title="all four hear the old output through weight_hh")
def fed_back(student: Student, rng: torch.Generator) -> None:
    hint = "net = W x(t) + U h(t-1) + b, for i, f, g and o"
    expect_in_cell(student, rng, "fed", hint, fed=True)


# --- the whole --------------------------------------------------------------------------------


def habit(found: tuple[Tensor, Tensor], w: Weights, x: Tensor, h: Tensor, c: Tensor) -> Equation:
    """The equation with the typical mistake that explains an answer; the right one otherwise."""
    equations = [RIGHT, *(each for group in MISTAKES.values() for each in group.values())]
    for equation in equations:
        if all(map(alike, found, equation.step(w, x, h, c))):
            return equation
    return RIGHT


def whole(student: Student, rng: torch.Generator) -> None:
    """Fail unless a step is right, or wrong by a mistake that is known."""
    weights = random_weights(rng, INPUTS, HIDDEN)
    given = normal(rng, 4, INPUTS), normal(rng, 4, HIDDEN), normal(rng, 4, HIDDEN)
    cell, _ = cell_with(student, weights)
    found = both(cell(*given), given[1].shape)
    right = RIGHT.step(weights, *given)
    expect(all(map(alike, found, right)), "LSTMCell by itself gives other numbers")


@suite.check(CELL, points=0.5, title="gradients reach the token, h, c and all parameters")
def cell_gradients(student: Student, rng: torch.Generator) -> None:
    weights = random_weights(rng, INPUTS, HIDDEN)
    x, h, c = normal(rng, 4, INPUTS), normal(rng, 4, HIDDEN), normal(rng, 4, HIDDEN)
    cell, keys = cell_with(student, weights)
    with torch.no_grad():
        equation = habit(both(cell(x, h, c), h.shape), weights, x, h, c)
    expect_gradients(
        "LSTMCell",
        rng,
        {"x(t)": x, "h(t-1)": h, "c(t-1)": c},
        weights,
        lambda given: dict(zip(NAMES, both(cell(*given.values()), h.shape), strict=True)),
        lambda given, w: dict(zip(NAMES, equation.step(w, *given.values()), strict=True)),
        lambda: gradients_of(cell, keys),
    )


@suite.check(CELL, points=0.5, title="form and edges: h before c, any batch and width, float32")
def cell_edges(student: Student, rng: torch.Generator) -> None:
    sizes = ((4, INPUTS, HIDDEN), (1, 3, 5), (4, 1, 5), (4, 3, 1), (1, 1, 1))
    for batch, inputs, hidden in sizes:
        weights = random_weights(rng, inputs, hidden)
        x, h, c = normal(rng, batch, inputs), normal(rng, batch, hidden), normal(rng, batch, hidden)
        hint = f"With a batch of {batch}, {inputs} inputs and {hidden} units"
        cell, _ = cell_with(student, weights)
        answers = []
        for dtype in (DOUBLE, torch.float32):
            found = cell.to(dtype)(x.to(dtype), h.to(dtype), c.to(dtype))
            untouched(student, "LSTMCell")
            name = str(dtype).removeprefix("torch.")
            for what, value in zip(NAMES, both(found, h.shape), strict=True):
                expect_form(value, h.to(dtype), f"{what} in a cell of {name}", hint)
            answers.append(found)
        equation = habit(answers[0], weights, x, h, c)
        expect(
            equation is not MISTAKES["pair"][SWAPPED],
            "LSTMCell returns c(t) before h(t); the order is h(t), c(t)",
        )
        for what, value, wanted in zip(
            NAMES, answers[1], equation.step(weights, x, h, c), strict=True
        ):
            hint = "In float32 it should be what it is in float64"
            expect_close(value, wanted.float(), atol=SINGLE, rtol=SINGLE, what=what, hint=hint)
