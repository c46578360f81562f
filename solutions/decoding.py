"""Writing with a model that knows what comes next: the likeliest symbol each time, or a beam.

A model is asked with the symbols written last and a state; it answers with a number for each
symbol that could be next and the new state:

    logits, state = model(symbols, state)    symbols: (batch,), logits: (batch, symbols)

log p(symbol | all before it) is the log-softmax of its logits; the probability of a sequence is
the product over its symbols, END included. Before the first symbol stands START.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

START = 0
END = 1
State = TypeVar("State", bound=tuple[Any, ...])  # a NamedTuple of tensors, batch first
Model = Callable[[Tensor, State], tuple[Tensor, State]]


class Written(NamedTuple):
    """What was written for each source, filled up with END, and its log probability."""

    symbols: Int[Tensor, "batch time"]
    scores: Float[Tensor, " batch"]


class Hypothesis(NamedTuple):
    """One sequence, with its END if it came to it, and its log probability."""

    symbols: list[int]
    score: float

    @property
    def ended(self) -> bool:
        """Whether nothing can follow."""
        return self.symbols[-1:] == [END]


def rows_of(state: State, places: Int[Tensor, " rows"]) -> State:
    """Return the rows of a state that stand at these places of the batch."""
    return type(state)(*(part[places] for part in state))


def greedy(model: Model[State], state: State, longest: int) -> Written:
    """Write the likeliest symbol at each step, up to END or ``longest`` symbols.

    Rows that have ended wait for the others. Raises ValueError for ``longest`` below 1.
    """
    if longest < 1:
        raise ValueError(f"longest must be at least 1, got {longest}")
    ### BEGIN SOLUTION
    first, *_ = state
    symbol = torch.full((len(first),), START, device=first.device)
    alive = torch.ones_like(symbol, dtype=torch.bool)
    written, scores = [], torch.zeros(())
    with torch.no_grad():
        for _ in range(longest):
            logits, state = model(symbol, state)
            best, symbol = logits.log_softmax(dim=1).max(dim=1)
            scores = scores + torch.where(alive, best, 0.0)
            symbol = torch.where(alive, symbol, END)
            written.append(symbol)
            alive = symbol != END
            if not alive.any():
                break
    return Written(torch.stack(written, dim=1), scores)
    ### END SOLUTION


def beam_search(model: Model[State], state: State, width: int, longest: int) -> list[Hypothesis]:
    """Keep the ``width`` likeliest beginnings at each step; return what is left, best first.

    ``state`` is that of one source, a batch of 1. A sequence that has ended keeps its place in
    the beam as it is; every other one makes place for all that can follow it by one symbol.
    Raises ValueError for ``width`` or ``longest`` below 1.
    """
    if width < 1 or longest < 1:
        raise ValueError(f"width and longest must be at least 1, got {width} and {longest}")
    ### BEGIN SOLUTION
    first, *_ = state
    beam = live = [Hypothesis([], 0.0)]
    with torch.no_grad():
        for _ in range(longest):
            last = [(each.symbols or [START])[-1] for each in live]
            logits, state = model(torch.tensor(last, device=first.device), state)
            grown = [
                (Hypothesis([*each.symbols, symbol], each.score + log_p), row)
                for row, each in enumerate(live)
                for symbol, log_p in enumerate(logits[row].log_softmax(dim=0).tolist())
            ]
            ended: list[tuple[Hypothesis, int | None]] = [(e, None) for e in beam if e.ended]
            best = sorted([*ended, *grown], key=lambda pair: pair[0].score, reverse=True)[:width]
            beam = [each for each, _ in best]
            live = [each for each in beam if not each.ended]
            if not live:
                break
            parents = [row for each, row in best if row is not None and not each.ended]
            state = rows_of(state, torch.tensor(parents, device=first.device))
    return beam
    ### END SOLUTION
