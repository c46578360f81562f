"""The traces of part 3 as they should be, and what typical mistakes make of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from autograder.hidden.shared.owned import Mistake
from autograder.hidden.shared.tools import normal
from autograder.hidden.truncated_bptt.rule1997 import Net, run


class Held(NamedTuple):
    """As the exercise's Traces."""

    s: Tensor
    y: Tensor
    z: Tensor
    cell: Tensor
    gate: Tensor


def held(n: Net, rng: torch.Generator) -> Held:
    """A state of the net, and traces as if much had been read."""
    width = n.W.shape[1]
    traces = (normal(rng, len(n.s), n.cells, width) for _ in range(2))
    return Held(n.s, n.y, normal(rng, len(n.s), width), *traces)


def differentiated(n: Net) -> Held:
    """One step, with ds/dW by PyTorch for traces that begin with zero."""
    leaf = n.W.repeat(len(n.s), 1, 1).requires_grad_()  # weights of its own for each sequence
    each = zip(leaf, *(value.split(1) for value in (n.x, n.s, n.y)), strict=True)
    s = torch.cat([run(Net(*one))[1] for one in each])
    rows = [torch.autograd.grad(s[:, j].sum(), leaf, retain_graph=True)[0] for j in range(n.cells)]
    cell = torch.stack([row[:, j] for j, row in enumerate(rows)], dim=1)
    gate = torch.stack([row[:, n.cells + j] for j, row in enumerate(rows)], dim=1)
    _, s, y = (value.detach() for value in run(n))
    z = torch.cat([n.x[:, 0], n.y, torch.ones_like(n.x[:, 0, :1])], dim=1)
    return Held(s, y, z, cell, gate)


class Inside(NamedTuple):
    """The quantities of one step that factors are made of."""

    g: Tensor
    in_: Tensor
    out: Tensor
    s: Tensor


def inside(n: Net, z: Tensor) -> Inside:
    net_c, net_in, net_out = (z @ n.W.T).split(n.cells, dim=1)
    g, in_ = torch.tanh(net_c), torch.sigmoid(net_in)
    return Inside(g, in_, torch.sigmoid(net_out), n.s + in_ * g)


def outer(factor: Tensor, z: Tensor) -> Tensor:
    return factor.unsqueeze(2) * z.unsqueeze(1)


# --- typical mistakes -------------------------------------------------------------------------

CELL_FACTORS: dict[str, Callable[[Inside], Tensor]] = {
    "The slope of tanh is missing": lambda u: u.in_,
    "The slope is 1 - tanh^2; here it is taken at tanh of tanh": (
        lambda u: u.in_ * (1 - torch.tanh(u.g) ** 2)
    ),
    "The slope is 1 - tanh^2, not 1 - tanh": lambda u: u.in_ * (1 - u.g),
    "The slope g (1 - g) belongs to the logistic function": lambda u: u.in_ * u.g * (1 - u.g),
    "The input gate is missing": lambda u: 1 - u.g**2,
    "It has the output gate in place of the input gate": lambda u: u.out * (1 - u.g**2),
    "It has the gate's slope, in (1 - in), in place of the gate": (
        lambda u: u.in_ * (1 - u.in_) * (1 - u.g**2)
    ),
    "This is the factor of the input gate's trace": lambda u: u.g * u.in_ * (1 - u.in_),
    "It has tanh itself in place of its slope": lambda u: u.in_ * u.g,
}
GATE_FACTORS: dict[str, Callable[[Inside], Tensor]] = {
    "The slope of the gate is missing: in (1 - in)": lambda u: u.g,
    "The slope of the gate is in (1 - in), not in": lambda u: u.g * u.in_,
    "The slope of the gate is in (1 - in), not 1 - in": lambda u: u.g * (1 - u.in_),
    "The slope 1 - in^2 belongs to tanh": lambda u: u.g * (1 - u.in_**2),
    "It has the slope of the output gate": lambda u: u.g * u.out * (1 - u.out),
    "What the gate lets in is tanh of the net input; here it is missing": (
        lambda u: u.in_ * (1 - u.in_)
    ),
    "It has the slope of tanh in place of tanh": lambda u: (1 - u.g**2) * u.in_ * (1 - u.in_),
    "This is the factor of the cell's own trace": lambda u: u.in_ * (1 - u.g**2),
    "It has the state s in place of what is written now": lambda u: u.s * u.in_ * (1 - u.in_),
}


def trace_mistakes(n: Net, before: Held, right: Held, name: str) -> list[Mistake]:
    """What typical mistakes make of one trace."""
    old, new, check = getattr(before, name), getattr(right, name), f"{name}_trace"
    u, z = inside(n, right.z), right.z
    factors = CELL_FACTORS if name == "cell" else GATE_FACTORS
    factor = inside_factor(name, u)
    y_new = torch.cat([n.x[:, 0], right.y, torch.ones_like(z[:, :1])], dim=1)
    wrong = {words: old + outer(make(u), z) for words, make in factors.items()}
    wrong |= {
        "z(t) has the new y: it must have y(t-1)": old + outer(factor, y_new),
        "It has z of the step before": old + outer(factor, before.z),
        "The sign of what is new is turned round": old - new,
    }
    fades = {
        "The trace does not add up: what it was before is lost": new,
        "The old trace fades with the input gate; the carousel keeps it as it is": (
            u.in_.unsqueeze(2) * old + new
        ),
        "The old trace fades with 1 - in; there is no forgetting in 1997": (
            (1 - u.in_).unsqueeze(2) * old + new
        ),
        "The old trace goes through the factor of the new part": (
            factor.unsqueeze(2) * (old + z.unsqueeze(1))
        ),
        "This is a running mean; a trace is a sum": (old + new) / 2,
    }
    return [
        *(Mistake(check, words, value) for words, value in wrong.items()),
        *(Mistake("traces_add_up", words, value) for words, value in fades.items()),
    ]


def inside_factor(name: str, u: Inside) -> Tensor:
    return u.in_ * (1 - u.g**2) if name == "cell" else u.g * u.in_ * (1 - u.in_)


def forward_mistakes(n: Net, right: Held) -> dict[str, list[Mistake]]:
    u = inside(n, right.z)
    check = "forward_half"

    def y(yc: Tensor, *gates: Tensor) -> Tensor:
        return torch.cat([yc, *gates], dim=1)

    yc = u.out * torch.tanh(u.s)
    return {
        "s": [
            Mistake(check, "The old state is missing", u.in_ * u.g),
            Mistake(check, "The input gate is missing", n.s + u.g),
            Mistake(check, "The gates are exchanged", n.s + u.out * u.g),
            Mistake(check, "This is the state before the step", n.s),
        ],
        "y": [
            Mistake(check, "y is [y_c; in; out]: the gates are exchanged", y(yc, u.out, u.in_)),
            Mistake(
                check,
                "The cell is read before it is written",
                y(u.out * torch.tanh(n.s), u.in_, u.out),
            ),
            Mistake(check, "What is read is tanh(s), not s", y(u.out * u.s, u.in_, u.out)),
            Mistake(check, "The output gate is missing", y(torch.tanh(u.s), u.in_, u.out)),
        ],
        "z": [
            Mistake(
                check,
                "z has the new y: it must have y(t-1), what the units have heard",
                torch.cat([n.x[:, 0], right.y, torch.ones_like(right.z[:, :1])], dim=1),
            )
        ],
    }


# --- what an error makes of them ---------------------------------------------------------------

BLOCKS = ("cell_gradient", "gate_gradient", "output_gate_gradient")


def block_mistakes(now: Held, error: Tensor) -> list[list[Mistake]]:
    """For each block of rows of the gradient, what typical mistakes make of it."""
    cells = now.s.shape[1]
    yc, in_, out = now.y.split(cells, dim=1)
    h = torch.tanh(now.s)
    E, slope = error * out * (1 - h**2), error * h * out * (1 - out)

    def met(factor: Tensor, trace: Tensor) -> Tensor:
        return torch.einsum("bc,bcm->cm", factor, trace)

    entering = {
        "The output gate is missing on the error's way in": error * (1 - h**2),
        "The slope of tanh(s) is missing on the error's way in": error * out,
        "The error meets the trace as it is; it comes in through out and tanh(s)": error,
        "The slope is taken at y_c; it is 1 - tanh(s)^2": error * out * (1 - yc**2),
        "The slope is 1 - tanh(s)^2, not 1 - s^2": error * out * (1 - now.s**2),
        "It has the input gate in place of the output gate": error * in_ * (1 - h**2),
        "It has the output gate's slope in place of the gate": (
            error * out * (1 - out) * (1 - h**2)
        ),
        "It has h in place of its slope": error * out * h,
        "The sign is turned round: this is the step downhill": -E,
    }
    at_gate = {
        "h = tanh(s) is missing": error * out * (1 - out),
        "The slope of the output gate is missing": error * h,
        "The slope is out (1 - out), not out": error * h * out,
        "The slope is out (1 - out), not 1 - out": error * h * (1 - out),
        "out stands in it twice: y_c = out h already has it": error * yc * out * (1 - out),
        "It has s in place of tanh(s)": error * now.s * out * (1 - out),
        "It has the input gate in place of the output gate": error * h * in_ * (1 - in_),
        "It has the slope of tanh(s), which is no part of it": slope * (1 - h**2),
        "The sign is turned round: this is the step downhill": -slope,
    }
    found = []
    for check, trace in (("cell_gradient", now.cell), ("gate_gradient", now.gate)):
        wrong = {words: met(factor, trace) for words, factor in entering.items()}
        found.append([Mistake(check, words, value) for words, value in wrong.items()])
    wrong = {words: factor.T @ now.z for words, factor in at_gate.items()}
    wrong["The output gate has no trace: it acts on this step alone"] = met(slope, now.cell)
    wrong["The output gate has no trace: it acts on this step alone, with z(t)"] = met(
        slope, now.gate
    )
    found.append([Mistake(BLOCKS[2], words, value) for words, value in wrong.items()])
    # Mistakes of all three blocks.
    rights = right_blocks(now, error)
    first = [right_blocks(Held(*(value[:1] for value in now)), error[:1])[i] for i in range(3)]
    for i, suspects in enumerate(found):
        words = "It is averaged over the sequences, not summed"
        suspects.insert(0, Mistake("sum_over_batch", words, rights[i] / len(error)))
        suspects.insert(0, Mistake("sum_over_batch", "Only the first sequence counts", first[i]))
        order = (
            "W has the rows of the cells, then the input gates, then the output gates; or are the "
            "two traces exchanged?"
        )
        for j in range(3):
            if j != i:
                suspects.append(Mistake("sum_over_batch", order, rights[j]))
    return found


def right_blocks(now: Held, error: Tensor) -> list[Tensor]:
    """The gradient, block by block: PyTorch's, through yc = out tanh(s) with ds/dW = traces."""
    cells = now.s.shape[1]
    width = now.z.shape[1]
    changes = [torch.zeros(cells, width, dtype=error.dtype).requires_grad_() for _ in range(3)]
    out = now.y[:, 2 * cells :]
    s = now.s + (now.cell * changes[0]).sum(2) + (now.gate * changes[1]).sum(2)
    gate = torch.sigmoid(torch.logit(out) + now.z @ changes[2].T)
    loss = (error * gate * torch.tanh(s)).sum()
    return list(torch.autograd.grad(loss, changes))
