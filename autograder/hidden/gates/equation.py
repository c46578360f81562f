"""One step of an LSTM as an equation with interchangeable pieces, and what mistakes make of it.

Right is every piece as it stands here; a typical mistake exchanges one of them. Mistakes are
grouped by the mechanism they belong to, for which there is a check.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from autograder.hidden.shared.layers import State, Weights
from autograder.hidden.shared.tools import normal

s = torch.sigmoid
Function = Callable[[Tensor], Tensor]
Four = tuple[Tensor, Tensor, Tensor, Tensor]


def random_weights(rng: torch.Generator, inputs: int, hidden: int) -> Weights:
    """W, U and b without any symmetry that could hide a mistake."""
    return {
        "weight_ih": 0.8 * normal(rng, 4 * hidden, inputs),
        "weight_hh": 0.8 * normal(rng, 4 * hidden, hidden),
        "bias": 0.8 * normal(rng, 4 * hidden),
    }


def start(weights: Weights, batch: int) -> State:
    """Zeros for h and c."""
    hidden = weights["weight_hh"].shape[1]
    return torch.zeros(batch, hidden).double(), torch.zeros(batch, hidden).double()


def no_peephole(net: Tensor, p: Tensor, c: Tensor) -> Tensor:
    return net


def through_peephole(net: Tensor, p: Tensor, c: Tensor) -> Tensor:
    return net + p * c


@dataclass(frozen=True)
class Open:
    """The gates of a step, and the cells before it."""

    i: Tensor
    f: Tensor
    o: Tensor
    g: Tensor
    c: Tensor
    h: Tensor


def rows_in_order(net: Tensor) -> Four:
    i, f, g, o = net.chunk(4, dim=1)
    return i, f, g, o


See = Callable[[Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Equation:
    """The pieces of a step."""

    rows: Callable[[Tensor], Four] = rows_in_order
    fed: Callable[[Tensor, Tensor, Tensor], Tensor] = lambda h, c, U: h @ U.T
    input_gate: Function = s
    forget_gate: Function = s
    output_gate: Function = s
    g: Function = torch.tanh
    keep: Callable[[Open], Tensor] = lambda now: now.f * now.c
    added: Callable[[Open], Tensor] = lambda now: now.i * now.g
    read: Callable[[Open, Tensor], Tensor] = lambda now, c: now.o * torch.tanh(c)
    pair: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] = lambda h, c: (h, c)
    # Peepholes: what the net inputs of a gate become, given p, and c(t-1) or c(t).
    p: Callable[[Tensor], tuple[Tensor, ...]] = lambda p: p.unbind(0)  # p_i, p_f, p_o
    see_i: See = through_peephole
    see_f: See = through_peephole
    see_g: See = no_peephole
    see_o: See = through_peephole
    output_sees: Callable[[Tensor, Tensor], Tensor] = lambda old, new: new

    def step(self, w: Weights, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        fed = self.fed(h, c, w["weight_hh"])
        i, f, g, o = self.rows(x @ w["weight_ih"].T + fed + w["bias"])
        if "peephole" in w:
            p_i, p_f, p_o = self.p(w["peephole"])
            i, f, g = self.see_i(i, p_i, c), self.see_f(f, p_f, c), self.see_g(g, p_i, c)
        gates = self.input_gate(i), self.forget_gate(f), self.output_gate(o)
        now = Open(*gates, self.g(g), c, h)
        new = self.keep(now) + self.added(now)
        if "peephole" in w:
            o = self.see_o(o, p_o, self.output_sees(c, new))
            now = Open(gates[0], gates[1], self.output_gate(o), now.g, c, h)
        return self.pair(self.read(now, new), new)

    def rule(self, weights: Weights, x: Tensor, state: State) -> tuple[Tensor, State]:
        (h, c), outputs = state, []
        for x_t in x.unbind(1):
            h, c = self.step(weights, x_t, h, c)
            outputs.append(h)
        return torch.stack(outputs, dim=1), (h, c)


def in_order(*places: int) -> Callable[[Tensor], Four]:
    """Rows taken as if net i stood at the first of these places, f at the second, and so on."""

    def rows(net: Tensor) -> Four:
        parts = net.chunk(4, dim=1)
        i, f, g, o = (parts[place] for place in places)
        return i, f, g, o

    return rows


def unit_by_unit(net: Tensor) -> Four:
    i, f, g, o = net.reshape(len(net), -1, 4).unbind(2)
    return i, f, g, o


def transposed(h: Tensor, c: Tensor, U: Tensor) -> Tensor:
    return torch.cat([h @ block for block in U.chunk(4)], dim=1)


def only_to(place: int) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    def fed(h: Tensor, c: Tensor, U: Tensor) -> Tensor:
        parts = list((h @ U.T).chunk(4, dim=1))
        parts = [part if at == place else 0 * part for at, part in enumerate(parts)]
        return torch.cat(parts, dim=1)

    return fed


def hard(a: Tensor) -> Tensor:
    return (a > 0).to(a)


MISTAKES: Mapping[str, Mapping[str, Equation]] = {
    "write": {
        "g is the logistic function here; what is written passes tanh": Equation(g=s),
        "g is not squashed: what is written passes tanh": Equation(g=lambda a: a),
        "g passes ReLU here; it should be tanh": Equation(g=torch.relu),
        "g is 4s - 2 here, as in 1997; today's cell has tanh": Equation(
            g=lambda a: 2 * torch.tanh(a / 2)
        ),
        "The input gate has no effect: g is added whole": Equation(added=lambda now: now.g),
        "The input gate is tanh here; a gate is the logistic function": Equation(
            input_gate=torch.tanh
        ),
        "The input gate is not squashed; it passes the logistic function": Equation(
            input_gate=lambda a: a
        ),
        "What is written is weighted with 1 - f, as in coupled gates; it has a gate of its own": (
            Equation(added=lambda now: (1 - now.f) * now.g)
        ),
        "The forget gate decides what is written; that is the input gate": (
            Equation(added=lambda now: now.f * now.g)
        ),
        "The output gate decides what is written; that is the input gate": (
            Equation(added=lambda now: now.o * now.g)
        ),
        "The input gate is turned round: 1 - i writes": (
            Equation(added=lambda now: (1 - now.i) * now.g)
        ),
        "What is new is subtracted": Equation(added=lambda now: -now.i * now.g),
        "What is new is squashed once more": Equation(added=lambda now: torch.tanh(now.i * now.g)),
    },
    "keep": {
        "Nothing is forgotten: c(t-1) is kept whole, as in 1997": Equation(keep=lambda now: now.c),
        "The forget gate is turned round: 1 - f is kept. An open forget gate keeps": (
            Equation(keep=lambda now: (1 - now.f) * now.c)
        ),
        "The input gate decides what is kept; that is the forget gate": (
            Equation(keep=lambda now: now.i * now.c)
        ),
        "What is kept is weighted with 1 - i; it has a gate of its own": (
            Equation(keep=lambda now: (1 - now.i) * now.c)
        ),
        "The output gate decides what is kept; that is the forget gate": (
            Equation(keep=lambda now: now.o * now.c)
        ),
        "The old output h(t-1) is kept; it should be the old cell c(t-1)": (
            Equation(keep=lambda now: now.f * now.h)
        ),
        "The forget gate is tanh here; a gate is the logistic function": Equation(
            forget_gate=torch.tanh
        ),
        "The forget gate is not squashed; it passes the logistic function": Equation(
            forget_gate=lambda a: a
        ),
        "The forget gate is hard here, 0 or 1; it is the logistic function": Equation(
            forget_gate=hard
        ),
        "The old cell is squashed on its way to the next step; the carousel is linear": (
            Equation(keep=lambda now: now.f * torch.tanh(now.c))
        ),
        "The old cell is overwritten": Equation(keep=lambda now: 0 * now.c),
        "The forget gate multiplies what is new as well": (
            Equation(keep=lambda now: now.f * (now.c + now.i * now.g) - now.i * now.g)
        ),
    },
    "read": {
        "The output reads the old cells c(t-1); it should be the new ones": (
            Equation(read=lambda now, c: now.o * torch.tanh(now.c))
        ),
        "The cells go out as they are; they should pass tanh": Equation(
            read=lambda now, c: now.o * c
        ),
        "The cells pass the logistic function on their way out; it should be tanh": (
            Equation(read=lambda now, c: now.o * s(c))
        ),
        "The cells pass h = 2s - 1 on their way out, as in 1997; it should be tanh": (
            Equation(read=lambda now, c: now.o * torch.tanh(c / 2))
        ),
        "The output gate has no effect": Equation(read=lambda now, c: torch.tanh(c)),
        "tanh is applied to o c; it belongs around c alone": (
            Equation(read=lambda now, c: torch.tanh(now.o * c))
        ),
        "The output gate is tanh here; a gate is the logistic function": Equation(
            output_gate=torch.tanh
        ),
        "The output gate is not squashed; it passes the logistic function": Equation(
            output_gate=lambda a: a
        ),
        "The input gate decides what is read; that is the output gate": (
            Equation(read=lambda now, c: now.i * torch.tanh(c))
        ),
        "The forget gate decides what is read; that is the output gate": (
            Equation(read=lambda now, c: now.f * torch.tanh(c))
        ),
        "The output gate lets out what is written, g; it should be tanh of the cells": (
            Equation(read=lambda now, c: now.o * now.g)
        ),
        "The output gate is turned round: 1 - o reads": (
            Equation(read=lambda now, c: (1 - now.o) * torch.tanh(c))
        ),
    },
    "rows": {
        "Rows are taken in the order i, f, o, g; it is i, f, g, o": Equation(
            rows=in_order(0, 1, 3, 2)
        ),
        "Rows are taken in the order f, i, g, o; it is i, f, g, o": Equation(
            rows=in_order(1, 0, 2, 3)
        ),
        "Rows are taken in the order i, g, f, o; it is i, f, g, o": Equation(
            rows=in_order(0, 2, 1, 3)
        ),
        "Rows are taken in the order g, i, f, o; it is i, f, g, o": Equation(
            rows=in_order(1, 2, 0, 3)
        ),
        "Rows are taken in the order f, i, o, g; it is i, f, g, o": Equation(
            rows=in_order(1, 0, 3, 2)
        ),
        "Rows are taken unit by unit; it is all of i, then all of f, then g, then o": (
            Equation(rows=unit_by_unit)
        ),
    },
    "fed": {
        "Nothing is fed back: U h(t-1) is missing": Equation(fed=lambda h, c, U: 0 * (h @ U.T)),
        "U looks transposed in each of its four blocks: unit i hears unit j through row i": (
            Equation(fed=transposed)
        ),
        "Only g hears h(t-1); the gates hear it, too": Equation(fed=only_to(2)),
        "h(t-1) is added without weight_hh": Equation(fed=lambda h, c, U: h.repeat(1, 4)),
        "U h(t-1) is subtracted": Equation(fed=lambda h, c, U: -(h @ U.T)),
        "The cells c(t-1) are fed back; it should be the outputs h(t-1)": (
            Equation(fed=lambda h, c, U: c @ U.T)
        ),
        "tanh(c(t-1)) is fed back; it should be h(t-1)": (
            Equation(fed=lambda h, c, U: torch.tanh(c) @ U.T)
        ),
        "U h(t-1) is added twice": Equation(fed=lambda h, c, U: 2 * (h @ U.T)),
    },
    "pair": {
        "The two come in the wrong order: it is h(t), then c(t)": Equation(pair=lambda h, c: (c, h))
    },
}

RIGHT = Equation()
