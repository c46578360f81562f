"""One step of a GRU as an equation with interchangeable pieces, and what mistakes make of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from autograder.hidden.shared.layers import Rule, State, Weights
from autograder.hidden.shared.tools import normal

s = torch.sigmoid
Function = Callable[[Tensor], Tensor]
Three = tuple[Tensor, Tensor, Tensor]


def random_weights(rng: torch.Generator, inputs: int, hidden: int) -> Weights:
    """W, U, b and b_h without any symmetry that could hide a mistake."""
    return {**without_bias_h(rng, inputs, hidden), "bias_h": 0.8 * normal(rng, hidden)}


def without_bias_h(rng: torch.Generator, inputs: int, hidden: int) -> Weights:
    """The parameters of a GRU whose reset gate acts before the product."""
    return {
        "weight_ih": 0.8 * normal(rng, 3 * hidden, inputs),
        "weight_hh": 0.8 * normal(rng, 3 * hidden, hidden),
        "bias": 0.8 * normal(rng, 3 * hidden),
    }


def rows(net: Tensor) -> Three:
    r, z, n = net.chunk(3, dim=1)
    return r, z, n


@dataclass(frozen=True)
class Inner:
    """What the candidate is made of: net W x + b, U_n, the reset gate, the old state, b_h."""

    net: Tensor
    U: Tensor
    r: Tensor
    h: Tensor
    b: Tensor | float


def before(n: Inner) -> Tensor:
    return n.net + (n.r * n.h) @ n.U.T


def after(n: Inner) -> Tensor:
    return n.net + n.r * (n.h @ n.U.T + n.b)


Blend = Callable[[Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Equation:
    """The pieces of a step. "before" and "after" are the two places of the reset gate."""

    rows: Callable[[Tensor], Three] = rows
    fed: Callable[[Tensor, Tensor], Tensor] = lambda h, U: h @ U.T  # to r and z
    turned: Callable[[Tensor], Tensor] = lambda U: U  # U_n, as the candidate uses it
    reset_gate: Function = s
    update_gate: Function = s
    squash: Function = torch.tanh
    before: Callable[[Inner], Tensor] = before
    after: Callable[[Inner], Tensor] = after
    blend: Blend = lambda z, n, h: (1 - z) * n + z * h

    def step(self, w: Weights, x: Tensor, h: Tensor) -> Tensor:
        net = x @ w["weight_ih"].T + w["bias"]
        U_r, U_z, U_n = self.rows(w["weight_hh"].T)
        in_r, in_z, in_n = self.rows(net)
        r = self.reset_gate(in_r + self.fed(h, U_r.T))
        z = self.update_gate(in_z + self.fed(h, U_z.T))
        inner = Inner(in_n, self.turned(U_n.T), r, h, w.get("bias_h", 0.0))
        n = self.squash((self.after if "bias_h" in w else self.before)(inner))
        return self.blend(z, n, h)

    def rule(self, weights: Weights, x: Tensor, state: State) -> tuple[Tensor, State]:
        (h,), outputs = state, []
        for x_t in x.unbind(1):
            h = self.step(weights, x_t, h)
            outputs.append(h)
        return torch.stack(outputs, dim=1), (h,)


def in_order(*places: int) -> Callable[[Tensor], Three]:
    """Rows taken as if r stood at the first of these places, z at the second, n at the third."""

    def taken(net: Tensor) -> Three:
        parts = net.chunk(3, dim=1)
        return parts[places[0]], parts[places[1]], parts[places[2]]

    return taken


def unit_by_unit(net: Tensor) -> Three:
    r, z, n = net.reshape(len(net), -1, 3).unbind(2)
    return r, z, n


MISTAKES: Mapping[str, Mapping[str, Equation]] = {
    "update": {
        "z and 1 - z are exchanged: z keeps the old state, 1 - z lets in the new": (
            Equation(blend=lambda z, n, h: z * n + (1 - z) * h)
        ),
        "The update gate has no effect on what is new: it is weighted with 1 - z": (
            Equation(blend=lambda z, n, h: n + z * h)
        ),
        "The old state is kept whole: it is weighted with z": (
            Equation(blend=lambda z, n, h: (1 - z) * n + h)
        ),
        "The old state is left out": Equation(blend=lambda z, n, h: (1 - z) * n),
        "What is new is left out": Equation(blend=lambda z, n, h: z * h),
        "The new state is squashed once more": (
            Equation(blend=lambda z, n, h: torch.tanh((1 - z) * n + z * h))
        ),
        "Both are weighted with z; what is new is weighted with 1 - z": (
            Equation(blend=lambda z, n, h: z * n + z * h)
        ),
        "The update gate is tanh here; a gate is the logistic function": Equation(
            update_gate=torch.tanh
        ),
        "The update gate is not squashed; it passes the logistic function": Equation(
            update_gate=lambda a: a
        ),
    },
    "candidate": {
        "The candidate passes the logistic function; it should be tanh": Equation(squash=s),
        "The candidate is not squashed; it passes tanh": Equation(squash=lambda a: a),
        "The candidate passes ReLU; it should be tanh": Equation(squash=torch.relu),
    },
    "reset": {
        "The reset gate has no effect": (
            Equation(
                before=lambda n: n.net + n.h @ n.U.T, after=lambda n: n.net + n.h @ n.U.T + n.b
            )
        ),
        "The reset gate is turned round: 1 - r lets the old state through": (
            Equation(
                before=lambda n: n.net + ((1 - n.r) * n.h) @ n.U.T,
                after=lambda n: n.net + (1 - n.r) * (n.h @ n.U.T + n.b),
            )
        ),
        "The reset gate multiplies the input's part as well; only the old state's": (
            Equation(
                before=lambda n: n.r * (n.net + n.h @ n.U.T),
                after=lambda n: n.r * (n.net + n.h @ n.U.T + n.b),
            )
        ),
        "The candidate does not hear the old state": (
            Equation(before=lambda n: n.net, after=lambda n: n.net + n.r * n.b)
        ),
        "The reset gate is tanh here; a gate is the logistic function": Equation(
            reset_gate=torch.tanh
        ),
        "The reset gate is not squashed; it passes the logistic function": Equation(
            reset_gate=lambda a: a
        ),
        "U_n looks transposed": Equation(turned=lambda U: U.T),
    },
    "place": {
        "This is reset='before': r multiplies h(t-1) before the product with U_n": (
            Equation(after=lambda n: n.net + (n.r * n.h) @ n.U.T)
        ),
        "This is reset='before', with b_h added: with 'after' r multiplies U_n h(t-1) + b_h": (
            Equation(after=lambda n: n.net + (n.r * n.h) @ n.U.T + n.b)
        ),
        "This is reset='after': with 'before' r multiplies h(t-1), not the product with U_n": (
            Equation(before=lambda n: n.net + n.r * (n.h @ n.U.T))
        ),
        "b_h is left out; with 'after' it stands beside U_n h(t-1)": (
            Equation(after=lambda n: n.net + n.r * (n.h @ n.U.T))
        ),
        "b_h stands outside of r: r multiplies U_n h(t-1) + b_h, both": (
            Equation(after=lambda n: n.net + n.r * (n.h @ n.U.T) + n.b)
        ),
    },
    "rows": {
        "Rows are taken in the order z, r, n; it is r, z, n": Equation(rows=in_order(1, 0, 2)),
        "Rows are taken in the order n, r, z; it is r, z, n": Equation(rows=in_order(1, 2, 0)),
        "Rows are taken in the order r, n, z; it is r, z, n": Equation(rows=in_order(0, 2, 1)),
        "Rows are taken in the order n, z, r; it is r, z, n": Equation(rows=in_order(2, 1, 0)),
        "Rows are taken unit by unit; it is all of r, then all of z, then n": (
            Equation(rows=unit_by_unit)
        ),
    },
    "fed": {
        "The gates do not hear the old state": Equation(fed=lambda h, U: 0 * h),
        "U looks transposed in the gates: unit i hears unit j through row i": (
            Equation(fed=lambda h, U: h @ U)
        ),
        "The gates hear h(t-1) without weight_hh": Equation(fed=lambda h, U: h),
        "The gates hear -U h(t-1); it is added": Equation(fed=lambda h, U: -(h @ U.T)),
    },
}
RIGHT = Equation()
WRONG: dict[str, Rule] = {
    words: equation.rule for group in MISTAKES.values() for words, equation in group.items()
}
