"""minGRU and the gated delta rule as equations with interchangeable pieces, and their mistakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.hidden.shared.layers import State, Weights
from autograder.hidden.shared.tools import DOUBLE, normal

s = torch.sigmoid
One = Callable[[Tensor], Tensor]


# --- minGRU -----------------------------------------------------------------------------------


def gru_weights(rng: torch.Generator, d_model: int, hidden: int) -> Weights:
    return {
        f"{name}.{kind}": 0.7 * normal(rng, *shape)
        for name in ("update", "candidate")
        for kind, shape in (("weight", (hidden, d_model)), ("bias", (hidden,)))
    }


def gru_start(w: Weights, batch: int) -> State:
    return (torch.zeros(batch, len(w["update.bias"]), dtype=DOUBLE),)


@dataclass(frozen=True)
class MinGRU:
    """The pieces of one step."""

    gate: One = s
    candidate: One = lambda c: c
    blend: Callable[[Tensor, Tensor, Tensor], Tensor] = lambda z, c, h: (1 - z) * h + z * c
    output: Callable[[Tensor, Tensor, Tensor], Tensor] = lambda h, c, before: h
    places: tuple[str, str] = ("update", "candidate")

    def rule(self, w: Weights, x: Tensor, state: State) -> tuple[Tensor, State]:
        (h,), outputs = state, []
        gate, candidate = ((w[f"{n}.weight"], w[f"{n}.bias"]) for n in self.places)
        for x_t in x.unbind(1):
            z = self.gate(x_t @ gate[0].T + gate[1])
            c = self.candidate(x_t @ candidate[0].T + candidate[1])
            before, h = h, self.blend(z, c, h)
            outputs.append(self.output(h, c, before))
        return torch.stack(outputs, dim=1), (h,)


GRU = MinGRU()
GRU_WRONG: Mapping[str, MinGRU] = {
    "z and 1 - z are exchanged: z lets in the new": MinGRU(
        blend=lambda z, c, h: z * h + (1 - z) * c
    ),
    "The new is let in whole: it is weighted with z": MinGRU(blend=lambda z, c, h: (1 - z) * h + c),
    "The old is kept whole: it is weighted with 1 - z": MinGRU(blend=lambda z, c, h: h + z * c),
    "The candidate passes a tanh; it is linear": MinGRU(candidate=torch.tanh),
    "The new state passes a tanh; it is linear": MinGRU(
        blend=lambda z, c, h: torch.tanh((1 - z) * h + z * c)
    ),
    "The gate is no sigmoid": MinGRU(gate=lambda z: z),
    "The gate is a tanh; it is a sigmoid": MinGRU(gate=torch.tanh),
    "The candidate passes a sigmoid; it is linear": MinGRU(candidate=s),
    "update and candidate are exchanged": MinGRU(places=("candidate", "update")),
    "The output is the candidate; it is the new state": MinGRU(output=lambda h, c, b: c),
    "The output is the old state; it is the new one": MinGRU(output=lambda h, c, b: b),
    "The old state is left out": MinGRU(blend=lambda z, c, h: z * c + 0 * h),
}


# --- the gated delta rule ---------------------------------------------------------------------


def delta_weights(rng: torch.Generator, d_model: int, keys: int) -> Weights:
    shapes = {"query": keys, "key": keys, "value": d_model, "out": d_model, "write": 1, "keep": 1}
    weights = {f"{name}.weight": normal(rng, rows, d_model) for name, rows in shapes.items()}
    return {**weights, "write.bias": normal(rng, 1), "keep.bias": 2 + 0.5 * normal(rng, 1)}


def delta_start(w: Weights, batch: int) -> State:
    keys, d_model = w["key.weight"].shape
    return (torch.zeros(batch, keys, d_model, dtype=DOUBLE),)


class Asked(NamedTuple):
    """One token inside: q, k (batch, keys), v (batch, d_model), beta, alpha (batch, 1)."""

    q: Tensor
    k: Tensor
    v: Tensor
    beta: Tensor
    alpha: Tensor


def unit(x: Tensor) -> Tensor:
    return F.normalize(x, dim=-1)


def outer(k: Tensor, u: Tensor) -> Tensor:
    return k.unsqueeze(-1) * u.unsqueeze(-2)


def under(S: Tensor, k: Tensor) -> Tensor:
    """S^T k."""
    return (S * k.unsqueeze(-1)).sum(-2)


def corrected(t: Asked, S: Tensor) -> Tensor:
    faded = t.alpha.unsqueeze(-1) * S
    return faded + outer(t.k, t.beta * (t.v - under(faded, t.k)))


@dataclass(frozen=True)
class Delta:
    """The pieces of one step."""

    query: One = unit
    key: One = unit
    value: One = lambda v: v
    gates: tuple[One, One] = (s, s)
    places: tuple[str, str] = ("write", "keep")
    move: Callable[[Asked, Tensor], Tensor] = corrected
    read: Callable[[Asked, Tensor, Tensor], Tensor] = lambda t, S, before: under(S, t.q)
    out: bool = True

    def rule(self, w: Weights, x: Tensor, state: State) -> tuple[Tensor, State]:
        (S,), outputs = state, []
        for x_t in x.unbind(1):
            q, k, v = (x_t @ w[f"{name}.weight"].T for name in ("query", "key", "value"))
            beta, alpha = (
                gate(x_t @ w[f"{name}.weight"].T + w[f"{name}.bias"])
                for gate, name in zip(self.gates, self.places, strict=True)
            )
            token = Asked(self.query(q), self.key(k), self.value(v), beta, alpha)
            before, S = S, self.move(token, S)
            y = self.read(token, S, before)
            outputs.append(y @ w["out.weight"].T if self.out else y)
        return torch.stack(outputs, dim=1), (S,)


DELTA = Delta()
DELTA_WRONG: Mapping[str, Delta] = {
    "Keys are not brought to length 1": Delta(key=lambda k: k),
    "Queries are not brought to length 1": Delta(query=lambda q: q),
    "Neither queries nor keys are brought to length 1": Delta(query=lambda q: q, key=lambda k: k),
    "Keys and queries pass a softmax; they are divided by their length": Delta(
        query=lambda q: q.softmax(-1), key=lambda k: k.softmax(-1)
    ),
    "Values are brought to length 1, too": Delta(value=unit),
    "v is added whole, as in linear attention: take off what the key holds already": Delta(
        move=lambda t, S: t.alpha.unsqueeze(-1) * S + outer(t.k, t.beta * t.v)
    ),
    "alpha is missing: the memory does not fade": Delta(
        move=lambda t, S: corrected(t._replace(alpha=torch.ones_like(t.alpha)), S)
    ),
    "What the key holds is read before the memory fades: alpha belongs there, too": Delta(
        move=lambda t, S: t.alpha.unsqueeze(-1) * S + outer(t.k, t.beta * (t.v - under(S, t.k)))
    ),
    "beta is missing: all that is missing is written": Delta(
        move=lambda t, S: corrected(t._replace(beta=torch.ones_like(t.beta)), S)
    ),
    "beta weighs v alone, not what is taken off": Delta(
        move=lambda t, S: (
            t.alpha.unsqueeze(-1) * S
            + outer(t.k, t.beta * t.v - under(t.alpha.unsqueeze(-1) * S, t.k))
        )
    ),
    "alpha and beta are exchanged: keep is alpha, write is beta": Delta(places=("keep", "write")),
    "The memory is read before it is written to": Delta(read=lambda t, S, b: under(b, t.q)),
    "The memory is read with k; it is q": Delta(read=lambda t, S, b: under(S, t.k)),
    "W_o is missing": Delta(out=False),
    "beta is no sigmoid": Delta(gates=(lambda b: b, s)),
    "What is taken off is added": Delta(
        move=lambda t, S: (
            t.alpha.unsqueeze(-1) * S
            + outer(t.k, t.beta * (t.v + under(t.alpha.unsqueeze(-1) * S, t.k)))
        )
    ),
    "1 - alpha fades the memory; it is alpha": Delta(gates=(s, lambda a: 1 - s(a))),
}
