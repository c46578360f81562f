"""The block of 1997 as one equation with interchangeable pieces, and what each mistake makes of it.

Right is every piece as it stands here; a typical mistake exchanges one of them. Mistakes are
grouped by the mechanism they belong to, for which there is a check.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from autograder.hidden.shared.layers import Rule, State, Weights
from autograder.hidden.shared.tools import normal

f = torch.sigmoid
Function = Callable[[Tensor], Tensor]


def random_weights(rng: torch.Generator, inputs: int, blocks: int, block_size: int = 1) -> Weights:
    """W, U and b without any symmetry that could hide a mistake."""
    units = blocks * (block_size + 2)
    return {
        "weight_ih": 0.8 * normal(rng, units, inputs),
        "weight_hh": 0.8 * normal(rng, units, units),
        "bias": 0.8 * normal(rng, units),
    }


@dataclass(frozen=True)
class Now:
    """What a step has computed so far: all a piece may look at."""

    size: int  # cells of a block
    net: Tensor  # of all units
    before: State  # s(t-1), y(t-1)
    in_gate: Tensor  # one for each block
    out_gate: Tensor
    write: Tensor  # g(net) of the cells
    s: Tensor  # s(t), once it is there


def shared(gate: Tensor, size: int) -> Tensor:
    """Block after block: cell v of block j hears gate j."""
    return gate.repeat_interleave(size, dim=1)


@dataclass(frozen=True)
class Equation:
    """The pieces of a step."""

    g: Function = lambda a: 2 * torch.tanh(a / 2)  # 4 f(a) - 2
    h: Function = lambda s: torch.tanh(s / 2)  # 2 f(s) - 1
    gate: Function = f
    share: Callable[[Tensor, int], Tensor] = shared
    rows: Callable[[Tensor, int, int], tuple[Tensor, Tensor, Tensor]] = lambda net, cells, blocks: (
        net[:, :cells],
        net[:, cells : cells + blocks],
        net[:, cells + blocks :],
    )
    fed: Callable[[Tensor, Tensor, int], Tensor] = lambda y, U, cells: y @ U.T
    bias: Callable[[Tensor, int], Tensor] = lambda b, cells: b
    keep: Callable[[Now], Tensor] = lambda now: now.before[0]
    added: Callable[[Now], Tensor] = lambda now: now.in_gate * now.write
    read: Callable[[Now, Function], Tensor] = lambda now, h: now.out_gate * h(now.s)
    layout: Callable[[Now, Tensor, Tensor, Tensor], Tensor] = lambda now, yc, i, o: torch.cat(
        [yc, i, o], 1
    )

    def rule(self, weights: Weights, x: Tensor, state: State) -> tuple[Tensor, State]:
        outputs = []
        for x_t in x.unbind(1):
            yc, state = self.step(weights, x_t, state)
            outputs.append(yc)
        return torch.stack(outputs, dim=1), state

    def step(self, w: Weights, x: Tensor, state: State) -> tuple[Tensor, State]:
        s, y = state
        cells = s.shape[1]
        blocks = (y.shape[1] - cells) // 2
        net = x @ w["weight_ih"].T + self.fed(y, w["weight_hh"], cells)
        net = net + self.bias(w["bias"], cells)
        of_cells, of_input, of_output = self.rows(net, cells, blocks)
        i, o = self.gate(of_input), self.gate(of_output)
        size = cells // blocks
        i_cells, o_cells = self.share(i, size), self.share(o, size)
        now = Now(size, net, state, i_cells, o_cells, self.g(of_cells), s)
        now = replace(now, s=self.keep(now) + self.added(now))
        yc = self.read(now, self.h)
        return yc, (now.s, self.layout(now, yc, i, o))


def interleaved(gate: Tensor, size: int) -> Tensor:
    return gate.repeat(1, size)


def first_gate(gate: Tensor, size: int) -> Tensor:
    return gate[:, :1].expand(-1, gate.shape[1] * size)


def gates_first(net: Tensor, cells: int, blocks: int) -> tuple[Tensor, Tensor, Tensor]:
    return net[:, 2 * blocks :], net[:, :blocks], net[:, blocks : 2 * blocks]


def output_gates_first(net: Tensor, cells: int, blocks: int) -> tuple[Tensor, Tensor, Tensor]:
    return net[:, :cells], net[:, cells + blocks :], net[:, cells : cells + blocks]


def block_by_block(net: Tensor, cells: int, blocks: int) -> tuple[Tensor, Tensor, Tensor]:
    each = net.reshape(len(net), blocks, -1)
    return each[:, :, :-2].reshape(len(net), cells), each[:, :, -2], each[:, :, -1]


def only_cells(y: Tensor, U: Tensor, cells: int) -> Tensor:
    return y[:, :cells] @ U[:, :cells].T


def only_to_cells(y: Tensor, U: Tensor, cells: int) -> Tensor:
    return torch.cat([y @ U[:cells].T, torch.zeros_like(y[:, cells:])], dim=1)


MISTAKES: Mapping[str, Mapping[str, Equation]] = {
    "g": {
        "g is tanh here; in 1997 it is 4f - 2, twice as far and half as fast": (
            Equation(g=torch.tanh)
        ),
        "g is the logistic function here; it is 4f - 2": Equation(g=f),
        "g is missing: net goes in as it is": Equation(g=lambda a: a),
        "This is h = 2f - 1; what enters a cell passes g = 4f - 2": (
            Equation(g=lambda a: torch.tanh(a / 2))
        ),
        "g is 4f - 1 here; it is 4f - 2, which is 0 at 0": Equation(g=lambda a: 4 * f(a) - 1),
        "g is 4f here; it is 4f - 2, which is 0 at 0": Equation(g=lambda a: 4 * f(a)),
        "g is 2 tanh(net) here; 4f - 2 is 2 tanh(net / 2)": Equation(g=lambda a: 2 * torch.tanh(a)),
    },
    "h": {
        "h is tanh here; in 1997 it is 2f - 1, half as fast": Equation(h=torch.tanh),
        "h is the logistic function here; it is 2f - 1": Equation(h=f),
        "h is missing: the state goes out as it is": Equation(h=lambda s: s),
        "This is g = 4f - 2; what leaves a cell passes h = 2f - 1": (
            Equation(h=lambda s: 2 * torch.tanh(s / 2))
        ),
        "h is 2f here; it is 2f - 1, which is 0 at 0": Equation(h=lambda s: 2 * f(s)),
    },
    "kept": {
        "The state is multiplied with 1 - in, as if the input gate could forget; in 1997 "
        "nothing is forgotten": Equation(keep=lambda now: (1 - now.in_gate) * now.before[0]),
        "The state is multiplied with the output gate; in 1997 nothing is forgotten": (
            Equation(keep=lambda now: now.out_gate * now.before[0])
        ),
        "The state is multiplied with the input gate; in 1997 nothing is forgotten": (
            Equation(keep=lambda now: now.in_gate * now.before[0])
        ),
        "The old state is overwritten, not added to": Equation(keep=lambda now: 0 * now.before[0]),
        "The old output is kept where the old state belongs": (
            Equation(keep=lambda now: now.before[1][:, : now.s.shape[1]])
        ),
        "The state passes h on its way to the next step; the carousel is linear": (
            Equation(keep=lambda now: torch.tanh(now.before[0] / 2))
        ),
        "The state passes tanh on its way to the next step; the carousel is linear": (
            Equation(keep=lambda now: torch.tanh(now.before[0]))
        ),
        "What is new is subtracted": Equation(added=lambda now: -now.in_gate * now.write),
    },
    "written": {
        "The input gate is missing: everything is written": Equation(added=lambda now: now.write),
        "The input gate is added to g; it multiplies": (
            Equation(added=lambda now: now.in_gate + now.write)
        ),
        "The output gate decides what is written; that is the input gate's": (
            Equation(added=lambda now: now.out_gate * now.write)
        ),
        "1 - in is written; the gate is open at 1": (
            Equation(added=lambda now: (1 - now.in_gate) * now.write)
        ),
        "The input gate of the step before is used": (
            Equation(added=lambda now: shared(gates_before(now)[0], now.size) * now.write)
        ),
    },
    "read": {
        "The output gate is missing": Equation(read=lambda now, h: h(now.s)),
        "The input gate decides what is read; that is the output gate's": (
            Equation(read=lambda now, h: now.in_gate * h(now.s))
        ),
        "1 - out is used; the gate is open at 1": (
            Equation(read=lambda now, h: (1 - now.out_gate) * h(now.s))
        ),
        "The output gate stands inside of h; it multiplies h(s)": (
            Equation(read=lambda now, h: h(now.out_gate * now.s))
        ),
        "The state before is read; s(t) has been written to already": (
            Equation(read=lambda now, h: now.out_gate * h(now.before[0]))
        ),
        "What is new is read, not the state": (
            Equation(read=lambda now, h: now.out_gate * h(now.in_gate * now.write))
        ),
        "The output gate of the step before is used": (
            Equation(read=lambda now, h: shared(gates_before(now)[1], now.size) * h(now.s))
        ),
    },
    "gates": {
        "The gates are tanh here; they are f, between 0 and 1": Equation(gate=torch.tanh),
        "The gates have no f: their net input is used as it is": Equation(gate=lambda a: a),
        "The gates are 2f - 1 here; they are f, between 0 and 1": (
            Equation(gate=lambda a: torch.tanh(a / 2))
        ),
        "The gates are hard here, 0 or 1; they are f": Equation(gate=lambda a: (a > 0).to(a)),
    },
    "shared": {
        "The gates go to the wrong cells: the cells of block 0 come first, then those of block 1; "
        "repeat_interleave does that, repeat does not": Equation(share=interleaved),
        "All blocks hear the gates of block 0; each block has gates of its own": (
            Equation(share=first_gate)
        ),
    },
    "rows": {
        "Rows are taken in the order gates, cells; it is cells, input gates, output gates": (
            Equation(rows=gates_first)
        ),
        "Rows are taken in the order cells, output gates, input gates; input gates come first": (
            Equation(rows=output_gates_first)
        ),
        "Rows are taken block by block; it is all cells, all input gates, all output gates": (
            Equation(rows=block_by_block)
        ),
    },
    "fed": {
        "Only the outputs of cells are fed back; the activations of gates are, too": (
            Equation(fed=only_cells)
        ),
        "Cells hear y(t-1), and gates do not: they have rows in U, too": (
            Equation(fed=only_to_cells)
        ),
        "Nothing is fed back: U y(t-1) is missing": Equation(fed=lambda y, U, cells: 0 * y),
        "U looks transposed: unit i hears unit j through weight_hh[i, j]": (
            Equation(fed=lambda y, U, cells: y @ U)
        ),
        "U y(t-1) is subtracted": Equation(fed=lambda y, U, cells: -y @ U.T),
        "The bias is missing": Equation(bias=lambda b, cells: 0 * b),
        "The bias is added twice": Equation(bias=lambda b, cells: 2 * b),
        "Only the gates have a bias here; cells have one, too": (
            Equation(bias=lambda b, cells: torch.cat([0 * b[:cells], b[cells:]]))
        ),
        "Only the cells have a bias here; gates have one, too": (
            Equation(bias=lambda b, cells: torch.cat([b[:cells], 0 * b[cells:]]))
        ),
        "state.y holds the gates first; its order is cells, input gates, output gates": (
            Equation(layout=lambda now, yc, i, o: torch.cat([i, o, yc], 1))
        ),
        "state.y holds the states of the cells; their outputs are fed back": (
            Equation(layout=lambda now, yc, i, o: torch.cat([now.s, i, o], 1))
        ),
        "state.y holds the output gates before the input gates": (
            Equation(layout=lambda now, yc, i, o: torch.cat([yc, o, i], 1))
        ),
        "state.y holds only the outputs of cells, and zeros for the gates, which are fed back, "
        "too": Equation(layout=lambda now, yc, i, o: torch.cat([yc, 0 * i, 0 * o], 1)),
    },
}


def gates_before(now: Now) -> tuple[Tensor, Tensor]:
    cells = now.s.shape[1]
    gates = now.before[1][:, cells:]
    return gates[:, : cells // now.size], gates[:, cells // now.size :]


RIGHT = Equation()
WRONG: dict[str, Rule] = {
    words: equation.rule for group in MISTAKES.values() for words, equation in group.items()
}
