"""The selective block as an equation with interchangeable pieces, and what mistakes make of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.hidden.shared.layers import State, Weights
from autograder.hidden.shared.tools import DOUBLE, normal

One = Callable[[Tensor], Tensor]


def random_weights(
    rng: torch.Generator, d_model: int, states: int, expand: int, width: int, rank: int
) -> Weights:
    """Numbers without any symmetry that could hide a mistake; steps of a size that counts."""
    inner = expand * d_model
    return {
        "inputs.weight": normal(rng, 2 * inner, d_model) / d_model**0.5,
        "conv_weight": normal(rng, width, inner),
        "conv_bias": normal(rng, inner),
        "select.weight": normal(rng, rank + 2 * states, inner) / inner**0.5,
        "step_size.weight": normal(rng, inner, rank),
        "step_size.bias": 0.5 * normal(rng, inner) - 1,
        "log_A": 0.5 * normal(rng, inner, states) - 1,
        "D": normal(rng, inner),
        "out.weight": normal(rng, d_model, inner) / inner**0.5,
    }


def start(w: Weights, batch: int) -> State:
    (width, inner), states = w["conv_weight"].shape, w["log_A"].shape[1]
    return (
        torch.zeros(batch, width - 1, inner, dtype=DOUBLE),
        torch.zeros(batch, inner, states, dtype=DOUBLE),
    )


class Token(NamedTuple):
    """One token inside: u, z (batch, inner), delta alike, B, C (batch, states)."""

    u: Tensor
    z: Tensor
    delta: Tensor
    B: Tensor
    C: Tensor


Three = tuple[Tensor, Tensor, Tensor]


def halves(both: Tensor) -> tuple[Tensor, Tensor]:
    u, z = both.chunk(2, dim=-1)
    return u, z


def filtered(window: Tensor, w: Weights) -> Tensor:
    return (window * w["conv_weight"]).sum(1) + w["conv_bias"]


def selected(numbers: Tensor, rank: int, states: int) -> Three:
    r, B, C = numbers.split((rank, states, states), dim=-1)
    return r, B, C


def in_order(*places: int) -> Callable[[Tensor, int, int], Three]:
    """As if r, B and C stood in another order, at these places."""

    def taken(numbers: Tensor, rank: int, states: int) -> Three:
        sizes = [rank, states, states]
        parts = numbers.split([sizes[which] for which in places], dim=-1)
        found = dict(zip(places, parts, strict=True))
        return found[0], found[1], found[2]

    return taken


def writes(t: Token, decay: Tensor, A: Tensor) -> Tensor:
    return (t.delta * t.u).unsqueeze(-1) * t.B.unsqueeze(1)


def read(t: Token, h: Tensor, before: Tensor, D: Tensor) -> Tensor:
    return (h * t.C.unsqueeze(1)).sum(-1) + D * t.u


@dataclass(frozen=True)
class Choosing:
    """The pieces of one step."""

    halves: Callable[[Tensor], tuple[Tensor, Tensor]] = halves
    filtered: Callable[[Tensor, Weights], Tensor] = filtered
    through: One = F.silu  # after the short convolution
    kept: Callable[[Tensor, Tensor], Tensor] = lambda window, u: window[:, 1:]  # the new tail
    selected: Callable[[Tensor, int, int], Three] = selected
    soft: One = F.softplus
    bias: float = 1.0  # how often b_d counts
    rate: One = lambda log_A: -log_A.exp()
    decay: Callable[[Tensor, Tensor], Tensor] = lambda delta, A: torch.exp(delta * A)
    writes: Callable[[Token, Tensor, Tensor], Tensor] = writes
    read: Callable[[Token, Tensor, Tensor, Tensor], Tensor] = read
    gate: Callable[[Tensor, Tensor], Tensor] = lambda y, z: y * F.silu(z)

    def rule(self, w: Weights, x: Tensor, state: State) -> tuple[Tensor, State]:
        (tail, h), outputs = state, []
        rank, states = w["step_size.weight"].shape[1], w["log_A"].shape[1]
        A = self.rate(w["log_A"])
        for x_t in x.unbind(1):
            u, z = self.halves(x_t @ w["inputs.weight"].T)
            window = torch.cat([tail, u.unsqueeze(1)], dim=1)
            u = self.through(self.filtered(window, w))
            tail = self.kept(window, u)
            r, B, C = self.selected(u @ w["select.weight"].T, rank, states)
            delta = self.soft(r @ w["step_size.weight"].T + self.bias * w["step_size.bias"])
            token = Token(u, z, delta, B, C)
            decay = self.decay(delta.unsqueeze(-1), A)
            before, h = h, decay * h + self.writes(token, decay, A)
            y = self.gate(self.read(token, h, before, w["D"]), z)
            outputs.append(y @ w["out.weight"].T)
        return torch.stack(outputs, dim=1), (tail, h)


RIGHT = Choosing()
MISTAKES: Mapping[str, Mapping[str, Choosing]] = {
    "short_convolution": {
        "The weights are turned round: the last row belongs to the token itself": Choosing(
            filtered=lambda v, w: (v * w["conv_weight"].flip(0)).sum(1) + w["conv_bias"]
        ),
        "The bias is missing at the short convolution": Choosing(
            filtered=lambda v, w: (v * w["conv_weight"]).sum(1)
        ),
        "silu is missing after the short convolution": Choosing(through=lambda u: u),
        "After the short convolution there is a tanh; it is silu": Choosing(through=torch.tanh),
        "After the short convolution there is a sigmoid; it is silu": Choosing(
            through=torch.sigmoid
        ),
        "After the short convolution there is a relu; it is silu": Choosing(through=torch.relu),
        "The short convolution sees the token alone, not those before it": Choosing(
            filtered=lambda v, w: v[:, -1] * w["conv_weight"][-1] + w["conv_bias"]
        ),
        "The short convolution is left out": Choosing(
            filtered=lambda v, w: v[:, -1], through=F.silu
        ),
        "The tail holds what comes out of the short convolution; it holds what goes in": Choosing(
            kept=lambda window, u: torch.cat([window[:, 1:-1], u.unsqueeze(1)], dim=1)
        ),
        "The tail has its newest token first; the oldest comes first": Choosing(
            kept=lambda window, u: window[:, 1:].flip(1)
        ),
        "The tail is not renewed": Choosing(kept=lambda window, u: window[:, :-1]),
    },
    "selects": {
        "softplus is missing: a step size may be negative": Choosing(soft=lambda d: d),
        "The step size is exp(...); it is softplus": Choosing(soft=torch.exp),
        "The step size is sigmoid(...); it is softplus": Choosing(soft=torch.sigmoid),
        "The step size is relu(...); it is softplus": Choosing(soft=torch.relu),
        "b_d is missing in the step size": Choosing(bias=0.0),
        "b_d counts twice in the step size": Choosing(bias=2.0),
        "B and C are exchanged: the order is r, B, C": Choosing(selected=in_order(0, 2, 1)),
        "The order is r, B, C; here r comes last": Choosing(selected=in_order(1, 2, 0)),
    },
    "decays": {
        "A is positive: the state grows. A = -exp(log_A)": Choosing(rate=torch.exp),
        "A is log_A itself; it is -exp(log_A)": Choosing(rate=lambda a: a),
        "A is -log_A; it is -exp(log_A)": Choosing(rate=lambda a: -a),
        "The state is multiplied by delta A; it is exp(delta A)": Choosing(
            decay=lambda delta, A: delta * A
        ),
        "The state is multiplied by 1 + delta A: that is Euler's rule": Choosing(
            decay=lambda delta, A: 1 + delta * A
        ),
        "The step size does not count in the decay: it is exp(delta A)": Choosing(
            decay=lambda delta, A: torch.exp(A) + 0 * delta
        ),
        "The state does not fade": Choosing(decay=lambda delta, A: 1 + 0 * delta * A),
    },
    "written": {
        "The step size is missing where u B is written": Choosing(
            writes=lambda t, decay, A: t.u.unsqueeze(-1) * t.B.unsqueeze(1)
        ),
        "B is held, too; here the text writes delta u B": Choosing(
            writes=lambda t, decay, A: (decay - 1) / A * t.u.unsqueeze(-1) * t.B.unsqueeze(1)
        ),
        "1 - exp(delta A) is written in place of delta": Choosing(
            writes=lambda t, decay, A: (1 - decay) * t.u.unsqueeze(-1) * t.B.unsqueeze(1)
        ),
        "What is written fades at once: it is added after the state has faded": Choosing(
            writes=lambda t, decay, A: decay * writes(t, decay, A)
        ),
        "u is missing in what is written": Choosing(
            writes=lambda t, decay, A: t.delta.unsqueeze(-1) * t.B.unsqueeze(1)
        ),
        "B is missing in what is written": Choosing(
            writes=lambda t, decay, A: (t.delta * t.u).unsqueeze(-1) + 0 * t.B.unsqueeze(1)
        ),
        "C is written; it reads": Choosing(
            writes=lambda t, decay, A: (t.delta * t.u).unsqueeze(-1) * t.C.unsqueeze(1)
        ),
    },
    "reads": {
        "D u is missing": Choosing(read=lambda t, h, b, D: (h * t.C.unsqueeze(1)).sum(-1)),
        "u goes past the state without D": Choosing(
            read=lambda t, h, b, D: (h * t.C.unsqueeze(1)).sum(-1) + t.u
        ),
        "The state before the token is read": Choosing(
            read=lambda t, h, b, D: (b * t.C.unsqueeze(1)).sum(-1) + D * t.u
        ),
        "The states are summed without C": Choosing(read=lambda t, h, b, D: h.sum(-1) + D * t.u),
        "The states are read with B; it is C": Choosing(
            read=lambda t, h, b, D: (h * t.B.unsqueeze(1)).sum(-1) + D * t.u
        ),
        "The states are averaged, not summed": Choosing(
            read=lambda t, h, b, D: (h * t.C.unsqueeze(1)).mean(-1) + D * t.u
        ),
    },
    "gated": {
        "The gate is a sigmoid; it is silu(z)": Choosing(gate=lambda y, z: y * torch.sigmoid(z)),
        "The gate is z itself; it is silu(z)": Choosing(gate=lambda y, z: y * z),
        "The gate is missing": Choosing(gate=lambda y, z: y),
        "The gate is a tanh; it is silu(z)": Choosing(gate=lambda y, z: y * torch.tanh(z)),
        "y passes silu, and z does not": Choosing(gate=lambda y, z: F.silu(y) * z),
        "The gate is added; it multiplies": Choosing(gate=lambda y, z: y + F.silu(z)),
        "The halves are exchanged: u comes first, then z": Choosing(
            halves=lambda both: halves(both)[::-1]
        ),
        "u is gated by itself: z is the other half": Choosing(
            halves=lambda both: (halves(both)[0], halves(both)[0])
        ),
    },
}
SINGLE = {words: each for wrong in MISTAKES.values() for words, each in wrong.items()}
WRONG = {words: each.rule for words, each in SINGLE.items()}
