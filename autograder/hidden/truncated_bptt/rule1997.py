"""The memory cells of parts 2 and 3 as they should be, and with one thing in them wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from autograder.hidden.shared.tools import DOUBLE, normal


class Net(NamedTuple):
    """Weights, tokens and a state that some tokens have led to."""

    W: Tensor
    x: Tensor
    s: Tensor
    y: Tensor

    @property
    def cells(self) -> int:
        return self.s.shape[1]


def net(rng: torch.Generator, batch: int, time: int, inputs: int = 2, cells: int = 3) -> Net:
    W = normal(rng, 3 * cells, inputs + 3 * cells + 1)
    x, s = normal(rng, batch, time, inputs), normal(rng, batch, cells)
    gates = torch.rand(batch, 2 * cells, generator=rng, dtype=DOUBLE)
    yc = gates[:, cells:] * torch.tanh(s)
    return Net(W, x, s, torch.cat([yc, gates], dim=1))


class Units(NamedTuple):
    """One step, seen from inside."""

    z: Tensor
    g: Tensor
    in_: Tensor
    out: Tensor
    before: Tensor
    s: Tensor


def same(value: Tensor) -> Tensor:
    return value


class Rule(NamedTuple):
    """The forward pass in its pieces; a mistake exchanges one of them.

    ``heard`` is what becomes of y(t-1) on its way into z(t), ``kept`` of s(t-1) on its way into
    s(t), ``gated`` of the gates once they are computed: `torch.detach` cuts there.
    """

    squash: Callable[[Tensor], Tensor] = torch.tanh
    soft: Callable[[Tensor], Tensor] = torch.sigmoid
    rows: tuple[int, int, int] = (0, 1, 2)  # where the cells, input and output gates stand in W
    columns: tuple[int, int, int] = (0, 1, 2)  # in which order z has x, y and 1
    write: Callable[[Units], Tensor] = lambda u: u.before + u.in_ * u.g
    read: Callable[[Units], Tensor] = lambda u: u.out * torch.tanh(u.s)
    feedback: Callable[[Tensor, Units], Tensor] = lambda yc, u: torch.cat([yc, u.in_, u.out], 1)
    heard: Callable[[Tensor], Tensor] = torch.detach
    kept: Callable[[Tensor], Tensor] = same
    gated: Callable[[Tensor], Tensor] = same
    shown: Callable[[Tensor], Tensor] = same
    handed_on: tuple[bool, bool] = (True, True)  # s and y; False: each token begins with the first


RIGHT = Rule()


def run(n: Net, rule: Rule = RIGHT) -> tuple[Tensor, Tensor, Tensor]:
    """yc at every step, and s and y after the last."""
    s, y, outputs = n.s, n.y, []
    for x_t in n.x.unbind(1):
        s, y = (s if rule.handed_on[0] else n.s), (y if rule.handed_on[1] else n.y)
        pieces = x_t, rule.heard(y), torch.ones_like(x_t[:, :1])
        z = torch.cat([pieces[i] for i in rule.columns], dim=1)
        nets = (z @ n.W.T).split(n.cells, dim=1)
        net_c, net_in, net_out = (nets[i] for i in rule.rows)
        g, before = rule.squash(net_c), rule.kept(s)
        in_, out = rule.gated(rule.soft(net_in)), rule.gated(rule.soft(net_out))
        s = rule.write(Units(z, g, in_, out, before, before))
        units = Units(z, g, in_, out, before, s)
        yc = rule.read(units)
        y = rule.feedback(yc, units)
        outputs.append(rule.shown(yc))
    return torch.stack(outputs, dim=1), s, y
