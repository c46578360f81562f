"""A layer and a loss of ours, lent to the student's side, and what learning with them gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from autograder.hidden.shared.tools import DOUBLE, normal

NAME = "Echo"
SOURCE = '''
import collections
import torch

EchoState = collections.namedtuple("EchoState", ["fast", "slow"])
EchoInner = collections.namedtuple("EchoInner", ["value"])


class Echo(torch.nn.Module):
    """A layer to learn with: two states, one of them wrapped up when `nested`."""

    def __init__(self, inputs, hidden, nested=False, idle=False):
        super().__init__()
        self.nested, self.hidden = nested, hidden
        self.gain = torch.nn.Parameter(torch.zeros(hidden, inputs))
        self.mix = torch.nn.Parameter(torch.zeros(hidden))
        self.keep = torch.nn.Parameter(torch.zeros(hidden))
        if idle:
            self.first = torch.nn.Parameter(torch.zeros(hidden))  # used where no state comes in
            self.never = torch.nn.Parameter(torch.zeros(2))
            self.frozen = torch.nn.Parameter(torch.zeros(hidden), requires_grad=False)

    def initial_state(self, batch):
        fast = slow = self.gain.new_zeros(batch, self.hidden)
        if hasattr(self, "first"):
            fast = fast + self.first
        return EchoState(fast, EchoInner(slow) if self.nested else slow)

    def step(self, x, state):
        slow = state.slow.value if self.nested else state.slow
        fast = torch.tanh(x @ self.gain.T + self.mix * (state.fast.flip(1) + slow))
        slow = self.keep * slow + fast
        return fast + slow, EchoState(fast, EchoInner(slow) if self.nested else slow)

    def forward(self, x, state=None):
        if state is None:
            state = self.initial_state(len(x))
        outputs = []
        for x_t in x.unbind(1):
            y, state = self.step(x_t, state)
            outputs.append(y)
        return torch.stack(outputs, dim=1), state


def echo_lopsided(output, target):
    """Too much costs more than too little, so it matters which of the two is which."""
    return ((output - target) ** 4 + (output - target) ** 3).sum()
'''


class Case(NamedTuple):
    """A layer with weights, a sequence with targets, a state to begin with."""

    sizes: tuple[int, int]
    options: dict[str, bool]
    weights: dict[str, Tensor]
    x: Tensor
    target: Tensor
    start: tuple[Tensor, Tensor]

    @property
    def ours(self) -> Any:
        namespace: dict[str, Any] = {}
        exec(SOURCE, namespace)
        layer = namespace[NAME](*self.sizes, **self.options).double()
        layer.load_state_dict(self.weights)
        return layer

    def record(self, like: Any) -> Any:
        """The state to begin with, made as the records of this initial state are."""
        fast, slow = self.start
        return like._make([fast, like[1]._make([slow]) if self.options.get("nested") else slow])


def case(rng: torch.Generator, batch: int, time: int, **options: bool) -> Case:
    inputs, hidden = 2, 3
    weights = {
        "gain": normal(rng, hidden, inputs),
        "mix": 0.5 + 0.5 * torch.rand(hidden, generator=rng, dtype=DOUBLE),
        "keep": 0.5 + 0.5 * torch.rand(hidden, generator=rng, dtype=DOUBLE),
    }
    if options.get("idle"):
        frozen = torch.zeros(hidden, dtype=DOUBLE)
        weights |= {"first": normal(rng, hidden), "never": normal(rng, 2), "frozen": frozen}
    x, target = normal(rng, batch, time, inputs), normal(rng, batch, time, hidden)
    start = normal(rng, batch, hidden), normal(rng, batch, hidden)
    return Case((inputs, hidden), dict(options), weights, x, target, start)


class Learning(NamedTuple):
    """What comes out of a pass, as plain numbers."""

    loss: Tensor
    gradients: dict[str, Tensor]
    state: list[Tensor]

    @property
    def flat(self) -> Tensor:
        """The gradients as one vector, in the order of their names."""
        return torch.cat([self.gradients[name].flatten() for name in sorted(self.gradients)])

    @property
    def ends(self) -> Tensor:
        return torch.stack(self.state)


def tensors(state: Any) -> Iterator[Tensor]:
    """All tensors of a nest."""
    if isinstance(state, Tensor):
        yield state
    elif isinstance(state, tuple | list):
        for part in state:
            yield from tensors(part)


def learned(
    case: Case,
    window: int | None = None,
    *,
    start: bool = True,
    lopsided: bool = False,
    carried: str = "state",
    cut: str = "between",
    share: str = "sum",
    pieces: str = "all",
) -> Learning:
    """Learn from a case, as the text says or with a mistake.

    ``carried``: "state", "nothing" or "start"; ``cut``: "between" pieces, "nowhere", at "every"
    step; ``share``: "sum", or an average over "batch", "window", "time", "pieces" or "both" steps
    and sequences; ``pieces``: "all", only "whole" ones, or only the "last".
    """
    layer = case.ours
    named = {name: p for name, p in layer.named_parameters() if p.requires_grad}
    first = case.record(layer.initial_state(len(case.x))) if start else None
    state, total, kept = first, torch.zeros((), dtype=DOUBLE), 0
    time = case.x.shape[1]
    size = window or time
    parts = list(zip(case.x.split(size, 1), case.target.split(size, 1), strict=True))
    for number, (x, target) in enumerate(parts):
        if carried != "state":
            state = first if carried == "start" else None
        if number and cut == "between":
            state = None if state is None else _constant(state)
        y = []
        for x_t in x.split(1, dim=1):
            y_t, state = layer(x_t, state)
            state = _constant(state) if cut == "every" else state
            y.append(y_t)
        difference = torch.cat(y, dim=1) - target
        loss = (difference**4 + difference**3).sum() if lopsided else (difference**2).sum() / 2
        if share == "window":
            loss = loss / x.shape[1]
        if pieces == "last":
            total = torch.zeros((), dtype=DOUBLE)
        if pieces != "whole" or x.shape[1] == size:
            total, kept = total + loss, kept + 1
    each = {"batch": len(case.x), "time": time, "pieces": kept, "both": time * len(case.x)}
    total = total / each.get(share, 1)
    found = torch.autograd.grad(total, list(named.values()), materialize_grads=True)
    return Learning(
        total.detach(), dict(zip(named, found, strict=True)), [t.detach() for t in tensors(state)]
    )


def _constant(state: Any) -> Any:
    if isinstance(state, Tensor):
        return state.detach()
    return state._make([_constant(part) for part in state])
