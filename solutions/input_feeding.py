"""A decoder that looks back at its source, and is told at each step what it made of it last time.

    state = decoder.start(encoder(x, lengths))
    y, state = decoder(target, state)

Letters of the equations and names in the code: s(i) = ``h``, the decoder's state; h(j) =
``memory``, the encoder's state at source token j; c(i) = ``context``, alpha = ``weights``;
y(i) = ``fed`` at the step after. ``mask`` is boolean, True = may attend. Alignment.py has the
scores, packed.py the encoder.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from solutions.alignment import Score, align
from solutions.layer import SequenceLayer, check_sequence, check_state, check_token
from solutions.packed import Source


class Look(nn.Module):
    """Look at a source: a score for each of its tokens, and the mean that the scores make.

    ``read`` does once per source what does not depend on who asks.
    """

    def __init__(self, score: Score) -> None:
        super().__init__()
        self.score, self.key_size = score, score.key_size

    def read(
        self, memory: Float[Tensor, "batch source memory"]
    ) -> Float[Tensor, "batch source key"]:
        """Return the keys, (batch, source, ``key_size``)."""
        return self.score.read(memory)

    def forward(
        self,
        query: Float[Tensor, "batch hidden"],
        keys: Float[Tensor, "batch source key"],
        memory: Float[Tensor, "batch source memory"],
        mask: Bool[Tensor, "batch source"],
    ) -> tuple[Float[Tensor, "batch memory"], Float[Tensor, "batch source"]]:
        """Return the context and the weights that made it."""
        return align(self.score(query, keys), memory, mask)


class FeedingState(NamedTuple):
    """The decoder's own state, what it said last, and the source as it looks at it (fixed)."""

    h: Float[Tensor, "batch hidden"]
    fed: Float[Tensor, "batch hidden"]
    memory: Float[Tensor, "batch source memory"]
    keys: Float[Tensor, "batch source key"]
    mask: Bool[Tensor, "batch source"]


class InputFeedingDecoder(SequenceLayer[FeedingState]):
    """Step, look, say; and hear at the next step what was said.

    s(i) = GRU([x(i); y(i-1)], s(i-1)),   c(i) = the look of s(i) at the source,
    y(i) = tanh(W_c [c(i); s(i)])

    x: (batch, time, input), y: (batch, time, hidden); ``combine`` is W_c. ``look`` is a `Look`
    or anything with its methods. Raises ValueError or TypeError that names what does not fit.
    Source: Luong et al. 2015, section 3.3, with a GRU for the stack of LSTMs.
    """

    def __init__(self, input_size: int, hidden_size: int, memory_size: int, look: Look) -> None:
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        self.memory_size, self.look = memory_size, look
        self.cell = nn.GRUCell(input_size + hidden_size, hidden_size)
        self.combine = nn.Linear(memory_size + hidden_size, hidden_size, bias=False)

    def start(self, source: Source) -> FeedingState:
        """Return the state that has read the source and said nothing yet."""
        batch, length = source.mask.shape
        check_state("source.h", source.h, (batch, self.hidden_size), self.combine.weight)
        check_state("source.memory", source.memory, (batch, length, self.memory_size))
        ### BEGIN SOLUTION
        keys = self.look.read(source.memory)
        return FeedingState(source.h, torch.zeros_like(source.h), source.memory, keys, source.mask)
        ### END SOLUTION

    def initial_state(self, batch: int) -> FeedingState:
        """Return the state without any source: zeros, and nothing to look at."""
        ### BEGIN SOLUTION
        weight = self.combine.weight
        h = weight.new_zeros(batch, self.hidden_size)
        memory = weight.new_zeros(batch, 0, self.memory_size)
        keys = weight.new_zeros(batch, 0, self.look.key_size)
        mask = torch.ones(batch, 0, dtype=torch.bool, device=weight.device)
        return FeedingState(h, torch.zeros_like(h), memory, keys, mask)
        ### END SOLUTION

    def advance(
        self, x: Float[Tensor, "batch input"], state: FeedingState
    ) -> tuple[Float[Tensor, "batch hidden"], Float[Tensor, "batch source"], FeedingState]:
        """Return y(i), alpha(i) and the new state."""
        check_token("x", x, self.input_size, like=self.combine.weight)
        self._check(state, x.shape[0])
        ### BEGIN SOLUTION
        h = self.cell(torch.cat([x, state.fed], dim=1), state.h)
        context, weights = self.look(h, state.keys, state.memory, state.mask)
        y = torch.tanh(self.combine(torch.cat([context, h], dim=1)))
        return y, weights, state._replace(h=h, fed=y)
        ### END SOLUTION

    def step(
        self, x: Float[Tensor, "batch input"], state: FeedingState
    ) -> tuple[Float[Tensor, "batch hidden"], FeedingState]:
        """Read one target token, looking at every source token once."""
        ### BEGIN SOLUTION
        y, _, state = self.advance(x, state)
        return y, state
        ### END SOLUTION

    def forward(
        self, x: Float[Tensor, "batch time input"], state: FeedingState | None = None
    ) -> tuple[Float[Tensor, "batch time hidden"], FeedingState]:
        """Read target tokens; ``state`` comes from ``start`` or an earlier chunk."""
        check_sequence("x", x, self.input_size, like=self.combine.weight)
        ### BEGIN SOLUTION
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for x_t in x.unbind(dim=1):
            y, state = self.step(x_t, state)
            outputs.append(y)
        return torch.stack(outputs, dim=1), state
        ### END SOLUTION

    def _check(self, state: FeedingState, batch: int) -> None:
        source = state.memory.shape[1] if state.memory.ndim == 3 else 0
        like = self.combine.weight
        check_state("state.h", state.h, (batch, self.hidden_size), like)
        check_state("state.fed", state.fed, (batch, self.hidden_size), like)
        check_state("state.memory", state.memory, (batch, source, self.memory_size), like)
        check_state("state.keys", state.keys, (batch, source, self.look.key_size), like)
        check_state("state.mask", state.mask, (batch, source))
