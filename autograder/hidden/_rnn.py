"""The oracle of recurrent layers: ``torch.nn.RNN`` with the numbers the student's layer has.

A layer that repeats a wrong cell faithfully is a right layer. So a result may agree with the
textbook or with the student's own cell, repeated by the judge.
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
    expect_shape,
    expect_type,
)
from autograder.hidden._tools import ATOL, DOUBLE, as_differentiable, close, diagnosis, normal


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


def own_states(
    student: Student, weights: Weights, x: Tensor, h0: Tensor, nonlinearity: str
) -> Tensor | None:
    """Return h(1) .. h(T) by the student's own cell; None when it could hide a fault.

    A cell that ignores its input or its state cannot show whether the layer hands them over.
    """
    h, found = h0, []
    try:
        cell = cell_with(student, weights, nonlinearity)
        with torch.no_grad():
            if not all(reacts(cell, x[:, 0], h0)):
                return None
            for x_t in x.unbind(1):
                h = cell(x_t, h)
                expect_shape(h, h0.shape)
                found.append(h)
    except CheckFailure:
        return None
    return torch.stack(found, dim=1)


def reacts(cell: Remote, x: Tensor, h: Tensor) -> tuple[bool, bool]:
    """Return whether the cell's result changes with x and with h."""
    before = cell(x, h)
    return not close(cell(x + 0.1, h), before, 1e-12), not close(cell(x, h + 0.1), before, 1e-12)


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
    """Fail unless ``actual`` is ``pick`` of the states, by the textbook or the student's cell."""
    wanted = states(weights, x, h0, nonlinearity).detach()
    if close(actual, pick(wanted), ATOL):
        return
    own = own_states(student, weights, x, h0, nonlinearity)
    if own is not None and close(actual, pick(own), ATOL):
        return
    basis = wanted if own is None else own
    expect_close(
        actual,
        pick(basis),
        atol=ATOL,
        rtol=ATOL,
        what=what,
        hint=diagnosis(actual, suspects(basis), hint),
    )


def by_letter(grads: dict[str, Any]) -> list[Any]:
    ends = {key.rpartition(".")[2]: grad for key, grad in grads.items()}
    return [ends.get(name) for name in Weights._fields]


def gradients_by_own_cell(
    student: Student, weights: Weights, x: Tensor, h0: Tensor, pull: Tensor
) -> list[Tensor | None] | None:
    """Return what the student's own cell gives by x, h0, W, U and b when the judge repeats it.

    None when its gradient does not go back in time: such a cell could hide a fault.
    """
    leaves = [x.clone().requires_grad_(), h0.clone().requires_grad_()]
    try:
        cell = cell_with(student, weights)
        h = leaves[1]
        for x_t in leaves[0].unbind(1):
            h = cell(x_t, h)
        (as_differentiable(h, "RNNCell") * pull).sum().backward()
        found = [*(leaf.grad for leaf in leaves), *by_letter(cell.grads())]
    except CheckFailure:
        return None
    reaches_back = found[0] is not None and bool(found[0][:, 0].any()) and found[1] is not None
    return found if reaches_back else None


def agree(mine: Tensor | None, other: Tensor | None) -> bool:
    """Whether two gradients are equal; a wrong cell may give a parameter none at all."""
    return mine is None if other is None else close(mine, other, ATOL)


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
