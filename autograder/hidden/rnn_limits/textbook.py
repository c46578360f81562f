"""The oracle of recurrent layers: ``torch.nn.RNN`` with the numbers the student's layer has.

Nothing that a submission says is ever compared with something else that it says: a cell and a
layer made for each other could agree on anything. So a wrong cell makes a wrong layer, and the
message then says where to begin.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from autograder.checks import (
    CheckFailure,
    Remote,
    Student,
    expect,
    expect_close,
    expect_type,
)
from autograder.hidden.shared.tools import ATOL, DOUBLE, close, diagnosis, normal


class Weights(NamedTuple):
    """The numbers of one recurrent layer: W, U and b."""

    weight_ih: Tensor
    weight_hh: Tensor
    bias: Tensor


def random_weights(rng: torch.Generator, inputs: int, hidden: int, scale: float = 0.6) -> Weights:
    """Return weights without any symmetry that could hide a mistake."""
    return Weights(
        scale * normal(rng, hidden, inputs),
        scale * normal(rng, hidden, hidden),
        scale * normal(rng, hidden),
    )


def loaded(module: Remote, weights: Weights) -> dict[str, str]:
    """Make the student's module float64 with these weights; return their names in it."""
    keys = list(module.double().state_dict())
    names: dict[str, str] = {}
    for name in Weights._fields:
        found = [key for key in keys if key == name or key.endswith(f".{name}")]
        expect(
            len(found) == 1,
            f"exactly one parameter should be called {name!r} (or end in '.{name}'); "
            f"state_dict has {', '.join(map(repr, keys)) or 'none at all'}",
        )
        names[name] = found[0]
    state = module.state_dict()
    module.load_state_dict(
        state | {names[name]: value.detach() for name, value in weights._asdict().items()}
    )
    return names


def textbook(weights: Weights, nonlinearity: str = "tanh") -> nn.RNN:
    """Return torch's layer with these weights; its second bias is zero."""
    hidden, inputs = weights.weight_ih.shape
    oracle = nn.RNN(inputs, hidden, nonlinearity=nonlinearity, batch_first=True).double()
    oracle.load_state_dict(
        {
            "weight_ih_l0": weights.weight_ih,
            "weight_hh_l0": weights.weight_hh,
            "bias_ih_l0": weights.bias,
            "bias_hh_l0": torch.zeros_like(weights.bias),
        }
    )
    return oracle


def parameters_of(oracle: nn.RNN) -> list[nn.Parameter]:
    """Return the oracle's W, U and b."""
    return [oracle.get_parameter(f"{name}_l0") for name in ("weight_ih", "weight_hh", "bias_ih")]


def states(weights: Weights, x: Tensor, h0: Tensor, nonlinearity: str = "tanh") -> Tensor:
    """Return h(1) .. h(T) by the textbook."""
    h: Tensor = textbook(weights, nonlinearity)(x, h0.unsqueeze(0))[0]
    return h


def cell_with(student: Student, weights: Weights, *options: str) -> Remote:
    hidden, inputs = weights.weight_ih.shape
    cell: Remote = student.RNNCell(inputs, hidden, *options)
    expect_type(cell, Remote, what="RNNCell(...)")
    loaded(cell, weights)
    return cell


def layer_with(student: Student, weights: Weights, *options: str) -> Remote:
    hidden, inputs = weights.weight_ih.shape
    layer: Remote = student.RNN(inputs, hidden, *options)
    expect_type(layer, Remote, what="RNN(...)")
    loaded(layer, weights)
    return layer


CELL_FIRST = "RNNCell by itself gives other numbers than the equation: put part 1 right first"


def cell_is_wrong(student: Student, weights: Weights, x: Tensor, nonlinearity: str) -> bool:
    """Tell whether the student's cell, given one token, already differs from the textbook."""
    hidden = len(weights.bias)
    h = torch.linspace(-0.9, 0.9, hidden, dtype=x.dtype).expand(len(x), hidden)
    wanted = states(weights, x[:, :1], h, nonlinearity).detach()[:, 0]
    try:
        with torch.no_grad():
            return not close(cell_with(student, weights, nonlinearity)(x[:, 0], h), wanted, ATOL)
    except CheckFailure:
        return True


def expect_states(
    student: Student,
    actual: object,
    weights: Weights,
    x: Tensor,
    h0: Tensor,
    nonlinearity: str = "tanh",
    *,
    pick: Callable[[Tensor], Tensor] = lambda h: h,
    suspects: Callable[[Tensor], dict[str, Tensor]] = lambda h: {},
    hint: str,
    what: str,
) -> None:
    """Fail unless ``actual`` is ``pick`` of the textbook's states."""
    wanted = states(weights, x, h0, nonlinearity).detach()
    if close(actual, pick(wanted), ATOL):
        return
    wrong_cell = cell_is_wrong(student, weights, x, nonlinearity)
    expect_close(
        actual,
        pick(wanted),
        atol=ATOL,
        rtol=ATOL,
        what=what,
        hint=CELL_FIRST if wrong_cell else diagnosis(actual, suspects(wanted), hint),
    )


def by_letter(grads: dict[str, Any]) -> list[Any]:
    ends = {key.rpartition(".")[2]: grad for key, grad in grads.items()}
    return [ends.get(name) for name in Weights._fields]


def expect_leaf_gradients(
    ours: Sequence[Tensor], theirs: Sequence[Tensor], names: Sequence[str], hint: str
) -> None:
    for mine, other, name in zip(ours, theirs, names, strict=True):
        expect(mine.grad is not None, f"no gradient arrives at {name}. {hint}")
        assert other.grad is not None
        expect_close(
            mine.grad, other.grad, atol=ATOL, rtol=ATOL, what=f"the gradient by {name}", hint=hint
        )


def expect_parameter_gradients(module: Remote, oracle: nn.RNN) -> None:
    wanted = [parameter.grad for parameter in parameters_of(oracle)]
    for name, mine, other in zip(Weights._fields, by_letter(module.grads()), wanted, strict=True):
        expect(
            mine is not None,
            f"no gradient arrives at {name}. Is it an nn.Parameter, and used as it is, not a copy?",
        )
        assert other is not None
        expect_close(
            mine,
            other,
            atol=ATOL,
            rtol=ATOL,
            what=f"the gradient by {name}",
            hint="Does every step of the sequence use the parameter itself?",
        )


class Pass(NamedTuple):
    """A forward pass, the direct gradients of a loss, and everything that follows from them."""

    weights: Weights
    x: Tensor
    h0: Tensor
    h: Tensor
    grad_h: Tensor
    wanted: dict[str, Tensor]  # by x, h0, weight_ih, weight_hh, bias

    @property
    def previous(self) -> Tensor:
        """h(0) .. h(T-1)"""
        return torch.cat([self.h0.unsqueeze(1), self.h[:, :-1]], dim=1)


def passed(weights: Weights, x: Tensor, h0: Tensor, grad_h: Tensor) -> Pass:
    """Run the textbook's layer and let PyTorch differentiate it."""
    oracle = textbook(weights)
    leaves = [x.clone().requires_grad_(), h0.clone().requires_grad_()]
    h = oracle(leaves[0], leaves[1].unsqueeze(0))[0]
    leaves += parameters_of(oracle)
    found = torch.autograd.grad((h * grad_h).sum(), leaves)
    names = ("x", "h0", *Weights._fields)
    return Pass(weights, x, h0, h.detach(), grad_h, dict(zip(names, found, strict=True)))


def random_pass(rng: torch.Generator, batch: int, time: int, inputs: int, hidden: int) -> Pass:
    return passed(
        random_weights(rng, inputs, hidden),
        normal(rng, batch, time, inputs),
        normal(rng, batch, hidden),
        normal(rng, batch, time, hidden),
    )


def readable_pass(rng: torch.Generator, batch: int, time: int, size: int) -> Pass:
    """Return a pass with W = 1, where the gradient by x(t) is d(t) itself."""
    some = random_pass(rng, batch, time, size, size)
    weights = some.weights._replace(weight_ih=torch.eye(size, dtype=DOUBLE))
    return passed(weights, some.x, some.h0, some.grad_h)
