"""Part 1, the cell: one step, one mechanism at a time."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from autograder.checks import (
    Student,
    expect,
    expect_close,
    expect_gradcheck,
    expect_shape,
)
from autograder.hidden.rnn_limits.suite import suite
from autograder.hidden.rnn_limits.textbook import (
    Weights,
    cell_with,
    expect_leaf_gradients,
    expect_parameter_gradients,
    random_weights,
    textbook,
)
from autograder.hidden.shared.tools import (
    ATOL,
    DOUBLE,
    SINGLE,
    as_differentiable,
    diagnosis,
    normal,
)

CELL = "rnn-cell-tests"


@suite.check(CELL, points=0.5, title="the parameters have the names and shapes of the text")
def parameters(student: Student, rng: torch.Generator) -> None:
    state = student.RNNCell(3, 5).state_dict()
    wanted = {"weight_ih": (5, 3), "weight_hh": (5, 5), "bias": (5,)}
    expect(
        set(state) == set(wanted),
        f"RNNCell should have the parameters {', '.join(wanted)} and no others; "
        f"it has {', '.join(state) or 'none'}. A plain tensor is no nn.Parameter",
    )
    for name, shape in wanted.items():
        expect_shape(state[name], shape, what=f"{name} of RNNCell(3, 5)")


@suite.check(CELL, points=0.5, title="the parameters start uniform within 1/sqrt(hidden)")
def starting_values(student: Student, rng: torch.Generator) -> None:
    state = student.RNNCell(30, 225).state_dict()
    bound = 1 / math.sqrt(225)
    for name in Weights._fields:
        expect(name in state, f"RNNCell has no parameter {name!r}")
        value = state[name].double()
        expect(bool(value.any()), f"{name} starts as zeros; it should start at random")
        expect(
            float(value.abs().max()) <= bound + 1e-6,
            f"{name} has starting values outside of ±1/sqrt(hidden); "
            "is it normal instead of uniform, or scaled with the input size?",
        )
        expect(
            float(value.max()) > 0.9 * bound and float(value.min()) < -0.9 * bound,
            f"the starting values of {name} do not fill the range ±1/sqrt(hidden); "
            "the range has two sides, and hidden is the number of units",
        )


@suite.check(CELL, points=0.5, title="the input enters through weight_ih")
def input_weight(student: Student, rng: torch.Generator) -> None:
    weights = Weights(normal(rng, 5, 3), torch.zeros(5, 5, dtype=DOUBLE), torch.zeros(5).double())
    x, h = normal(rng, 4, 3), normal(rng, 4, 5)
    actual = cell_with(student, weights)(x, h)
    a = x @ weights.weight_ih.T
    hint = diagnosis(
        actual,
        {
            "The input has no effect": torch.zeros_like(a),
            "The nonlinearity is missing": a,
            "U is zero here, and yet the old state is still added": torch.tanh(a) + h,
        },
        "Here U and b are zero, so only f(W x) is left: look at x and weight_ih",
    )
    expect_close(actual, torch.tanh(a), atol=ATOL, what="the new state", hint=hint)


@suite.check(CELL, points=1, title="the old state enters through weight_hh")
def hidden_weight(student: Student, rng: torch.Generator) -> None:
    weights = Weights(torch.zeros(5, 3).double(), normal(rng, 5, 5), torch.zeros(5).double())
    x, h = normal(rng, 4, 3), normal(rng, 4, 5)
    actual = cell_with(student, weights)(x, h)
    a = h @ weights.weight_hh.T
    hint = diagnosis(
        actual,
        {
            "U looks transposed: unit i should hear unit j through weight_hh[i, j]": torch.tanh(
                h @ weights.weight_hh
            ),
            "The old state has no effect": torch.zeros_like(a),
            "The old state is used without weight_hh": torch.tanh(h),
            "The old state passes only through the diagonal of weight_hh": torch.tanh(
                h * weights.weight_hh.diagonal()
            ),
            "The nonlinearity is missing": a,
        },
        "Here W and b are zero, so only f(U h) is left: look at h and weight_hh",
    )
    expect_close(actual, torch.tanh(a), atol=ATOL, what="the new state", hint=hint)


@suite.check(CELL, points=0.5, title="the bias is added once")
def bias(student: Student, rng: torch.Generator) -> None:
    b = 0.5 + torch.rand(5, generator=rng, dtype=DOUBLE)
    weights = Weights(torch.zeros(5, 3).double(), torch.zeros(5, 5).double(), b)
    actual = cell_with(student, weights)(torch.zeros(4, 3).double(), torch.zeros(4, 5).double())
    hint = diagnosis(
        actual,
        {
            "The bias is not added": torch.zeros(4, 5, dtype=DOUBLE),
            "The bias is added twice": torch.tanh(2 * b).expand(4, 5),
            "The bias is subtracted": torch.tanh(-b).expand(4, 5),
            "The bias is added after the nonlinearity": b.expand(4, 5),
        },
        "With x = 0 and h = 0 only f(b) is left",
    )
    expect_close(actual, torch.tanh(b).expand(4, 5), atol=ATOL, what="the new state", hint=hint)


@suite.check(CELL, points=0.5, title="tanh by default, ReLU when asked; large inputs; float32")
def nonlinearities(student: Student, rng: torch.Generator) -> None:
    weights = Weights(normal(rng, 5, 3), torch.zeros(5, 5).double(), torch.zeros(5).double())
    x, h = normal(rng, 4, 3), torch.zeros(4, 5).double()
    x[0] *= 1e4  # saturates
    a = x @ weights.weight_ih.T
    functions: dict[str, Callable[[Tensor], Tensor]] = {
        "tanh": torch.tanh,
        "relu": torch.relu,
        "logistic": torch.sigmoid,
    }
    for options, name in (((), "tanh"), (("tanh",), "tanh"), (("relu",), "relu")):
        actual = cell_with(student, weights, *options)(x, h)
        asked = f"nonlinearity={options[0]!r}" if options else "the default nonlinearity"
        suspects = {
            f"This is {other}: look at how self.nonlinearity is used": function(a)
            for other, function in functions.items()
            if other != name
        }
        hint = diagnosis(actual, suspects, f"With {asked}, f should be {name}")
        expect_close(
            actual, functions[name](a), atol=ATOL, rtol=ATOL, what=f"with {asked} h(t)", hint=hint
        )
    single = cell_with(student, weights).float()(x.float(), h.float())
    hint = "A float32 cell should answer in float32, and agree with the float64 one"
    expect_close(
        single, torch.tanh(x.float() @ weights.weight_ih.float().T), atol=SINGLE, hint=hint
    )


@suite.check(CELL, points=0.5, title="gradients reach the input, the old state and all parameters")
def cell_gradients(student: Student, rng: torch.Generator) -> None:
    weights = random_weights(rng, 3, 5)
    cell = cell_with(student, weights)
    x, h, pull = normal(rng, 4, 3), normal(rng, 4, 5), normal(rng, 4, 5)
    ours = [x.clone().requires_grad_(), h.clone().requires_grad_()]
    (as_differentiable(cell(*ours), "RNNCell") * pull).sum().backward()
    oracle = textbook(weights)
    theirs = [x.clone().requires_grad_(), h.clone().requires_grad_()]
    (oracle(theirs[0].unsqueeze(1), theirs[1].unsqueeze(0))[0][:, 0] * pull).sum().backward()
    expect_leaf_gradients(ours, theirs, ["x(t)", "h(t-1)"], "Is it detached, or used as .data?")
    expect_parameter_gradients(cell, oracle)
    expect_gradcheck(cell, *ours, what="the gradient of the cell")
