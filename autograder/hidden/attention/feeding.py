"""A decoder with input feeding as an equation with interchangeable pieces, and a look of ours.

The look that is lent to the student's side says nothing about parts 1, 3 and 4: its weights are
waves of a few numbers, and no softmax.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from itertools import combinations, product
from typing import Any, NamedTuple

import torch
from torch import Tensor

from autograder.hidden.shared.layers import Rule, State, Weights
from autograder.hidden.shared.tools import DOUBLE, normal

NAME = "Decoder"
SOURCE = '''
import torch


class Peek(torch.nn.Module):
    """Lent by the judge: a look at a source. Its weights are waves, they do not sum to one."""

    key_size = 3

    def read(self, memory):
        return torch.stack([memory.sum(2), memory[:, :, 0], memory.square().mean(2)], dim=2)

    def forward(self, query, keys, memory, mask):
        first, second, third = keys.unbind(2)
        weights = torch.sin(query.sum(1, keepdim=True) * first / 4 + second - third) * mask
        return (weights.unsqueeze(1) @ memory).squeeze(1), weights


def Decoder(input_size, hidden_size, memory_size):
    return InputFeedingDecoder(input_size, hidden_size, memory_size, Peek())
'''
KEYS, TOKENS = 3, 6


class Held(NamedTuple):
    """A state as the student's FeedingState holds it."""

    h: Tensor
    fed: Tensor
    memory: Tensor
    keys: Tensor
    mask: Tensor


def read(memory: Tensor) -> Tensor:
    return torch.stack([memory.sum(2), memory[:, :, 0], memory.square().mean(2)], dim=2)


def look(query: Tensor, held: Held) -> tuple[Tensor, Tensor]:
    first, second, third = held.keys.unbind(2)
    asked = query.sum(1, keepdim=True) * first / 4  # small: no state is chaotic after many steps
    weights = torch.sin(asked + second - third) * held.mask
    return torch.einsum("bj,bjm->bm", weights, held.memory), weights


def random_weights(rng: torch.Generator, inputs: int, hidden: int, memory: int) -> Weights:
    return {
        "weight_ih": 0.4 * normal(rng, 3 * hidden, inputs + hidden),
        "weight_hh": 0.4 * normal(rng, 3 * hidden, hidden),
        "bias_ih": 0.4 * normal(rng, 3 * hidden),
        "bias_hh": 0.4 * normal(rng, 3 * hidden),
        "combine.weight": 0.4 * normal(rng, hidden, memory + hidden),
    }


def sizes_of(w: Weights) -> tuple[int, int]:
    hidden, both = w["combine.weight"].shape
    return hidden, both - hidden


def without_source(w: Weights, batch: int) -> State:
    """Zeros, and a source of no tokens."""
    hidden, memory = sizes_of(w)
    shapes = (hidden,), (hidden,), (0, memory), (0, KEYS)
    zeros = [torch.zeros(batch, *shape, dtype=DOUBLE) for shape in shapes]
    return (*zeros, torch.ones(batch, 0, dtype=torch.bool))


def with_source(rng: torch.Generator, w: Weights, batch: int) -> State:
    """Any state, and any source: its keys were not read from its memory."""
    hidden, memory = sizes_of(w)
    shapes = (hidden,), (hidden,), (TOKENS, memory), (TOKENS, KEYS)
    mask = torch.rand(batch, TOKENS, generator=rng) < 0.7
    return (*(normal(rng, batch, *shape) for shape in shapes), mask)


class Moment(NamedTuple):
    """What there is within a step: the token, the state before it, s(i), and who may ask."""

    x: Tensor
    before: Held
    h: Tensor


Piece = Callable[[Moment, Tensor], Tensor]


def joined(*parts: Tensor) -> Tensor:
    return torch.cat(parts, dim=1)


@dataclass(frozen=True)
class Equation:
    """The pieces of a step: what the cell reads, who asks, what is said, what is kept."""

    reads: Callable[[Tensor, Held], Tensor] = lambda x, held: joined(x, held.fed)
    asks: Callable[[Moment], Tensor] = lambda now: now.h
    source: Callable[[Held], Held] = lambda held: held
    mixes: Piece = lambda now, context: joined(context, now.h)
    says: Callable[[Tensor], Tensor] = torch.tanh
    output: Callable[[Tensor, Tensor, Tensor], Tensor] = lambda y, h, context: y
    h: Callable[[Tensor, Tensor], Tensor] = lambda h, y: h
    fed: Callable[[Tensor, Tensor, Held], Tensor] = lambda h, y, before: y
    keys: Callable[[Held], Tensor] = lambda held: held.keys

    def step(self, w: Weights, x: Tensor, held: Held) -> tuple[Tensor, Tensor, Held]:
        cell = [w[name] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
        h = torch.gru_cell(self.reads(x, held), held.h, *cell)
        now = Moment(x, held, h)
        context, weights = look(self.asks(now), self.source(held))
        y = self.says(self.mixes(now, context) @ w["combine.weight"].T)
        kept = held._replace(h=self.h(h, y), fed=self.fed(h, y, held), keys=self.keys(held))
        return self.output(y, h, context), weights, kept

    def rule(self, w: Weights, x: Tensor, state: State) -> tuple[Tensor, State]:
        held, outputs = Held(*state), []
        for x_t in x.unbind(1):
            y, _, held = self.step(w, x_t, held)
            outputs.append(y)
        return torch.stack(outputs, dim=1), held


def at_the_end(change: Callable[[Held, Held], Held]) -> Callable[[Rule], Rule]:
    """A mistake about the state that forward gives back, from the right one and the first one."""

    def mistaken(rule: Rule) -> Rule:
        def run(w: Weights, x: Tensor, state: State) -> tuple[Tensor, State]:
            y, last = rule(w, x, state)
            return y, change(Held(*last), Held(*state))

        return run

    return mistaken


AT_THE_END: Mapping[str, Callable[[Rule], Rule]] = {
    "fed of the last state is zeros: it is the last output": (
        at_the_end(lambda last, first: last._replace(fed=0 * last.fed))
    ),
    "h and fed are exchanged in the last state": (
        at_the_end(lambda last, first: last._replace(h=last.fed, fed=last.h))
    ),
}
RIGHT = Equation()
MISTAKES: Mapping[str, Mapping[str, Equation]] = {
    "fed": {
        "What was said is not fed into the next step": (
            Equation(reads=lambda x, held: joined(x, 0 * held.fed))
        ),
        "The cell reads [x(i); y(i-1)]: the token comes first": (
            Equation(reads=lambda x, held: joined(held.fed, x))
        ),
        "The cell is fed s(i-1); it should be fed y(i-1), what was said": (
            Equation(reads=lambda x, held: joined(x, held.h))
        ),
        "fed holds s(i); it should hold y(i), what was said": Equation(fed=lambda h, y, before: h),
        "fed stays what it was: it should hold y(i)": Equation(fed=lambda h, y, before: before.fed),
        "fed is zeros: it should hold y(i)": Equation(fed=lambda h, y, before: 0 * y),
        "All that was said is added up in fed; it should hold the last y alone": (
            Equation(fed=lambda h, y, before: before.fed + y)
        ),
        "The next state is y(i): the cell's state is s(i), and y is fed": Equation(
            h=lambda h, y: y
        ),
    },
    "asks": {
        "The old state asks: step first, then look with the new one": (
            Equation(asks=lambda now: now.before.h)
        ),
        "What was said last asks; it should be the new state": (
            Equation(asks=lambda now: now.before.fed)
        ),
        "The keys are read anew from the memory: they are in the state": (
            Equation(source=lambda held: held._replace(keys=read(held.memory)))
        ),
        "The keys are read anew from the memory, and kept: they are in the state": Equation(
            source=lambda held: held._replace(keys=read(held.memory)),
            keys=lambda held: read(held.memory),
        ),
        "The mask has no effect: hand it to the look": (
            Equation(source=lambda held: held._replace(mask=torch.ones_like(held.mask)))
        ),
    },
    "says": {
        "W_c multiplies [c(i); s(i)]: the context comes first": (
            Equation(mixes=lambda now, context: joined(now.h, context))
        ),
        "tanh is missing in what is said": Equation(says=lambda a: a),
        "A logistic function takes the place of tanh": Equation(says=torch.sigmoid),
        "relu takes the place of tanh": Equation(says=torch.relu),
        "The context is combined with the old state": (
            Equation(mixes=lambda now, context: joined(context, now.before.h))
        ),
        "The context is left out of what is said": (
            Equation(mixes=lambda now, context: joined(0 * context, now.h))
        ),
        "The state is left out of what is said": (
            Equation(mixes=lambda now, context: joined(context, 0 * now.h))
        ),
        "The context is averaged over the batch: each source has its own": (
            Equation(mixes=lambda now, context: joined(context.mean(0, True) + 0 * context, now.h))
        ),
        "The output is s(i); it should be y(i)": Equation(output=lambda y, h, context: h),
        "tanh is taken twice": Equation(says=lambda a: torch.tanh(torch.tanh(a))),
    },
}


def pieces(equation: Equation) -> dict[str, Any]:
    """The pieces in which it differs from the right one."""
    found = {field.name: getattr(equation, field.name) for field in fields(equation)}
    return {name: piece for name, piece in found.items() if piece is not getattr(RIGHT, name)}


def pairs() -> Iterator[tuple[dict[str, str], Equation]]:
    """Two mistakes at once, of two mechanisms: words for each, and what they make together."""
    for one, other in combinations(MISTAKES, 2):
        for (first, a), (second, b) in product(MISTAKES[one].items(), MISTAKES[other].items()):
            if not pieces(a).keys() & pieces(b).keys():
                yield {one: first, other: second}, replace(RIGHT, **pieces(a), **pieces(b))
