"""Part 1, the cell: one step, one mechanism at a time."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from autograder.checks import Remote, Student, expect, expect_shape, expect_type
from autograder.hidden.rnn_limits.suite import suite
from autograder.hidden.rnn_limits.textbook import random_weights, states
from autograder.hidden.shared.asking import expect_form, in_either, tolerance
from autograder.hidden.shared.gradients import expect_gradients
from autograder.hidden.shared.layers import Weights, gradients_of, loaded
from autograder.hidden.shared.tools import Suspects, diagnosis, expect_value, normal, untouched

CELL = "rnn-cell-tests"
SHAPES = {"weight_ih": (5, 3), "weight_hh": (5, 5), "bias": (5,)}  # of RNNCell(3, 5)
FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "ReLU": torch.relu,
    "the logistic function": torch.sigmoid,
}


Function = Callable[[Tensor], Tensor]


def in_one_term(w: Weights, x: Tensor, h: Tensor, f: Function) -> Suspects:
    """What h(t) = f(W x + U h + b) comes to when one term is wrong."""
    W, U, b = w["weight_ih"], w["weight_hh"], w["bias"]
    Wx, Uh = x @ W.T, h @ U.T
    a = Wx + Uh + b
    return {
        "U looks transposed: unit i should hear unit j through weight_hh[i, j]": f(Wx + h @ U + b),
        "The old state has no effect": f(Wx + b),
        "The old state is used without weight_hh": f(Wx + h + b),
        "The old state passes only through the diagonal of weight_hh": f(Wx + h * U.diagonal() + b),
        "The old state is subtracted": f(Wx - Uh + b),
        "The old state is added once more": f(a) + h,
        "The input has no effect": f(Uh + b),
        "The nonlinearity is missing": a,
        "The nonlinearity is applied twice": f(f(a)),
        "The bias is not added": f(Wx + Uh),
        "The bias is added twice": f(a + b),
        "The bias is subtracted": f(Wx + Uh - b),
        "The bias is added after the nonlinearity": f(Wx + Uh) + b,
        "The sign is turned round": -f(a),
    }


def without_work(w: Weights, x: Tensor, h: Tensor, f: Function) -> Suspects:
    """Answers that no parameter enters. They can be named, but nothing speaks for them."""
    return {"This is the old state itself": h}


def in_the_sum(w: Weights, x: Tensor, h: Tensor, f: Function) -> Suspects:
    """What it comes to when each term alone is right, but not all together."""
    b, Wx, Uh = w["bias"], x @ w["weight_ih"].T, h @ w["weight_hh"].T
    return {
        "f is applied to each term by itself; it belongs around their sum": f(Wx) + f(Uh) + f(b),
        "f is applied to W x + b and to U h apart; it belongs around the sum": f(Wx + b) + f(Uh),
        "f is applied to W x and to U h + b apart; it belongs around the sum": f(Wx) + f(Uh + b),
        "f is applied to W x and to U h apart; it belongs around the sum": f(Wx) + f(Uh) + b,
        "f is applied to W x alone; it belongs around the sum": f(Wx) + Uh + b,
        "f is applied to W x + b alone; it belongs around the sum": f(Wx + b) + Uh,
        "W x and U h are multiplied, not added": f(Wx * Uh + b),
    }


def other_functions(w: Weights, x: Tensor, h: Tensor, f: Function) -> Suspects:
    a = x @ w["weight_ih"].T + h @ w["weight_hh"].T + w["bias"]
    return {f"This is {name}: look at how f is chosen": g(a) for name, g in FUNCTIONS.items()}


Mistakes = Callable[[Weights, Tensor, Tensor, Function], Suspects]
ALL: tuple[Mistakes, ...] = (in_one_term, in_the_sum, other_functions, without_work)


def cell_with(student: Student, weights: Weights, *options: str) -> tuple[Remote, dict[str, str]]:
    hidden, inputs = weights["weight_ih"].shape
    cell: Remote = student.RNNCell(inputs, hidden, *options)
    expect_type(cell, Remote, what="RNNCell(...)")
    return cell, loaded(cell, weights)


def expect_new_state(
    student: Student,
    weights: Weights,
    x: Tensor,
    h: Tensor,
    hint: str,
    *options: str,
    elsewhere: tuple[Mistakes, ...] = (),
) -> None:
    """Fail unless the cell gives f(W x + U h + b); name the mistake.

    Mistakes that other checks look at, `elsewhere`, pass: each costs once.
    """

    def ask(dtype: torch.dtype) -> object:
        cell, _ = cell_with(student, weights, *options)
        return cell.to(dtype)(x.to(dtype), h.to(dtype))

    found = in_either(ask)
    atol = tolerance(found)
    kind = "relu" if "relu" in options else "tanh"
    f = torch.relu if kind == "relu" else torch.tanh
    value = found.double() if isinstance(found, Tensor) else found
    for mistakes in elsewhere:
        if diagnosis(value, mistakes(weights, x, h, f), "", atol):
            return
    suspects = {words: v for mistakes in ALL for words, v in mistakes(weights, x, h, f).items()}
    wanted = states(weights, x.unsqueeze(1), h, kind)[:, 0]
    expect_value(value, wanted, suspects, hint, what="the new state", atol=atol)


@suite.check(CELL, points=0.5, title="the parameters have the names and shapes of the text")
def parameters(student: Student, rng: torch.Generator) -> None:
    state = student.RNNCell(3, 5).state_dict()
    expect(
        set(state) == set(SHAPES),
        f"RNNCell should have the parameters {', '.join(SHAPES)} and no others; "
        f"it has {', '.join(state) or 'none'}. A plain tensor is no nn.Parameter",
    )
    for name, shape in SHAPES.items():
        expect_shape(state[name], shape, what=f"{name} of RNNCell(3, 5)")


@suite.check(CELL, points=0.5, title="the parameters start uniform within 1/sqrt(hidden)")
def starting_values(student: Student, rng: torch.Generator) -> None:
    bound = 1 / math.sqrt(225)
    state, other = (student.RNNCell(30, 225).state_dict() for _ in range(2))
    for name in SHAPES:
        expect(name in state, f"RNNCell has no parameter {name!r}")
        value = state[name].double()
        expect(bool(value.any()), f"{name} starts as zeros; it should start at random")
        expect(
            float(value.abs().max()) <= bound + 1e-6,
            f"{name} has starting values outside of ±1/sqrt(hidden); "
            "is it normal instead of uniform, or scaled with the input size?",
        )
        # Half of the numbers could be equal by chance only in a much larger tensor.
        expect(
            value.unique().numel() > value.numel() / 2,
            f"many starting values of {name} are equal; every entry should be drawn by itself",
        )
        expect(
            float(value.max()) > 0.9 * bound and float(value.min()) < -0.9 * bound,
            f"the starting values of {name} do not fill the range ±1/sqrt(hidden); "
            "the range has two sides, and hidden is the number of units",
        )
        expect(
            not torch.equal(state[name], other[name]),
            f"two cells start with the same {name}: does the constructor set the seed?",
        )


def one_term(student: Student, rng: torch.Generator, term: str, hint: str) -> None:
    """Leave one of W, U and b in the equation, and no other."""
    weights = {
        name: normal(rng, *shape) if name == term else torch.zeros(shape).double()
        for name, shape in SHAPES.items()
    }
    expect_new_state(student, weights, normal(rng, 4, 3), normal(rng, 4, 5), hint)


@suite.check(CELL, points=0.5, title="the input enters through weight_ih")
def input_weight(student: Student, rng: torch.Generator) -> None:
    hint = "Here U and b are zero, so only f(W x) is left: look at x and weight_ih"
    one_term(student, rng, "weight_ih", hint)


@suite.check(CELL, points=0.5, title="the old state enters through weight_hh")
def hidden_weight(student: Student, rng: torch.Generator) -> None:
    hint = "Here W and b are zero, so only f(U h) is left: look at h and weight_hh"
    one_term(student, rng, "weight_hh", hint)


@suite.check(CELL, points=0.5, title="the bias is added once")
def bias(student: Student, rng: torch.Generator) -> None:
    one_term(student, rng, "bias", "Here W and U are zero, so only f(b) is left")


@suite.check(CELL, points=0.5, title="all together: any batch and width, float32 and float64")
def together(student: Student, rng: torch.Generator) -> None:
    for batch, inputs, hidden in ((4, 3, 5), (1, 3, 5), (4, 1, 5), (4, 3, 1), (1, 1, 1)):
        weights = random_weights(rng, inputs, hidden)
        x, h = normal(rng, batch, inputs), normal(rng, batch, hidden)
        hint = f"With a batch of {batch}, {inputs} inputs and {hidden} units"
        expect_new_state(student, weights, x, h, hint)
        cell, _ = cell_with(student, weights)
        for dtype in (torch.float64, torch.float32):
            found = cell.to(dtype)(x.to(dtype), h.to(dtype))
            untouched(student, "RNNCell")
            name = str(dtype).removeprefix("torch.")
            expect_form(found, h.to(dtype), f"the new state in a cell of {name}", hint)


@suite.check(CELL, points=0.5, title="tanh by default, ReLU when asked; large inputs")
def nonlinearities(student: Student, rng: torch.Generator) -> None:
    others = (in_one_term, in_the_sum)
    weights = random_weights(rng, 3, 5)
    x, h = normal(rng, 4, 3), normal(rng, 4, 5)
    for scale in (1, 1e4):  # the second saturates
        for options in ((), ("tanh",), ("relu",)):
            asked = f"nonlinearity={options[0]!r}" if options else "the default nonlinearity"
            hint = f"With {asked}, f should be {'ReLU' if 'relu' in options else 'tanh'}"
            given = (student, weights, scale * x, h, hint, *options)
            expect_new_state(*given, elsewhere=others)


@suite.check(CELL, points=0.5, title="gradients reach the input, the old state and all parameters")
def cell_gradients(student: Student, rng: torch.Generator) -> None:
    weights = random_weights(rng, 3, 5)
    x, h = normal(rng, 4, 3), normal(rng, 4, 5)
    cell, keys = cell_with(student, weights)
    with torch.no_grad():
        words = diagnosis(cell(x, h), mistaken(weights, x, h), "")
    expect_gradients(
        "RNNCell",
        rng,
        {"x(t)": x, "h(t-1)": h},
        weights,
        lambda given: {"the new state": cell(*given.values())},
        lambda given, w: {"the new state": mistaken(w, *given.values())[words]},
        lambda: gradients_of(cell, keys),
    )


def mistaken(w: Weights, x: Tensor, h: Tensor) -> Suspects:
    """The right equation, without words, and the mistakes that have cost their points."""
    a = x @ w["weight_ih"].T + h @ w["weight_hh"].T + w["bias"]
    wrong = in_one_term(w, x, h, torch.tanh), other_functions(w, x, h, torch.tanh)
    return {"": torch.tanh(a), **wrong[0], **wrong[1]}
