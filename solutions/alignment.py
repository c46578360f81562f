"""Attention before the transformer: at each word, the decoder looks back over the whole source.

See memory.py for the encoder, and for a decoder that must do with one vector:

    state = decoder.start(encoder(source, source_mask))
    y, state = decoder(target, state)

Letters of the equations and names in the code: h(j) = ``memory``, the encoder's state at
source token j; s(i) = the decoder's state, field ``h`` (and ``c`` if its cell is an LSTM);
e = ``scores``, alpha = ``weights``, c(i) = ``context``. ``mask`` is boolean, True = may attend.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from solutions.attention import masked_softmax
from solutions.layer import SequenceLayer, check_sequence, check_state, check_token
from solutions.memory import Cell, CellKind, Encoded, cell_start, cell_step, make_cell


class Score(nn.Module):
    """How well a decoder's state fits each state of the encoder.

    ``read`` does once per source what does not depend on the decoder; calling the score with
    s, (batch, query), and those keys, (batch, source, key), gives e: (batch, source).
    """

    key_size: int

    def read(
        self, memory: Float[Tensor, "batch source memory"]
    ) -> Float[Tensor, "batch source key"]:
        """Return the keys: the part of the score that is computed once per source."""
        raise NotImplementedError

    def forward(
        self, query: Float[Tensor, "batch query"], keys: Float[Tensor, "batch source key"]
    ) -> Float[Tensor, "batch source"]:
        """Return one score per source token."""
        raise NotImplementedError


class AdditiveScore(Score):
    """e(j) = v . tanh(W s + U h(j)): a small network with one hidden layer.

    ``query`` is W, ``key`` is U, ``v`` is v. Source: Bahdanau et al. 2015, appendix A.1.2.
    """

    def __init__(self, query_size: int, memory_size: int, hidden_size: int) -> None:
        super().__init__()
        if min(query_size, memory_size, hidden_size) < 1:
            raise ValueError(
                f"sizes must be at least 1, got {query_size}, {memory_size} and {hidden_size}"
            )
        self.key_size = hidden_size
        self.query = nn.Linear(query_size, hidden_size, bias=False)
        self.key = nn.Linear(memory_size, hidden_size, bias=False)
        bound = 1 / math.sqrt(hidden_size)
        self.v = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def read(
        self, memory: Float[Tensor, "batch source memory"]
    ) -> Float[Tensor, "batch source key"]:
        """Return U h(j)."""
        ### BEGIN SOLUTION
        keys: Tensor = self.key(memory)
        return keys
        ### END SOLUTION

    def forward(
        self, query: Float[Tensor, "batch query"], keys: Float[Tensor, "batch source key"]
    ) -> Float[Tensor, "batch source"]:
        """Return v . tanh(W s + U h(j))."""
        ### BEGIN SOLUTION
        return torch.tanh(self.query(query).unsqueeze(1) + keys) @ self.v
        ### END SOLUTION


class DotScore(Score):
    """e(j) = s . h(j): no parameters, but both must have the same size.

    Source: Luong et al. 2015, section 3.1, "dot".
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        if size < 1:
            raise ValueError(f"size must be at least 1, got {size}")
        self.key_size = size

    def read(
        self, memory: Float[Tensor, "batch source memory"]
    ) -> Float[Tensor, "batch source key"]:
        """Return h(j) as it is."""
        return memory

    def forward(
        self, query: Float[Tensor, "batch query"], keys: Float[Tensor, "batch source key"]
    ) -> Float[Tensor, "batch source"]:
        """Return s . h(j)."""
        ### BEGIN SOLUTION
        return (keys @ query.unsqueeze(-1)).squeeze(-1)
        ### END SOLUTION


class GeneralScore(DotScore):
    """e(j) = s . W h(j): a dot product after a learned change of view.

    ``key`` is W (query, memory). Source: Luong et al. 2015, section 3.1, "general".
    """

    def __init__(self, query_size: int, memory_size: int) -> None:
        super().__init__(query_size)
        if memory_size < 1:
            raise ValueError(f"memory_size must be at least 1, got {memory_size}")
        self.key = nn.Linear(memory_size, query_size, bias=False)

    def read(
        self, memory: Float[Tensor, "batch source memory"]
    ) -> Float[Tensor, "batch source key"]:
        """Return W h(j)."""
        ### BEGIN SOLUTION
        keys: Tensor = self.key(memory)
        return keys
        ### END SOLUTION


def align(
    scores: Float[Tensor, "batch source"],
    memory: Float[Tensor, "batch source memory"],
    mask: Bool[Tensor, "batch source"] | None = None,
) -> tuple[Float[Tensor, "batch memory"], Float[Tensor, "batch source"]]:
    """Turn scores into the context and the weights that made it.

    alpha(j) = softmax_j(e(j)) over the tokens that ``mask`` allows,   c = sum_j alpha(j) h(j)

    Without any token to attend to, both are zeros. Source: Bahdanau et al. 2015, eq. (5), (6).
    """
    ### BEGIN SOLUTION
    weights = masked_softmax(scores, mask)
    return (weights.unsqueeze(1) @ memory).squeeze(1), weights
    ### END SOLUTION


class AlignmentState(NamedTuple):
    """The decoder's own state, and the whole source with its keys: as long as the source is."""

    h: Float[Tensor, "batch hidden"]
    c: Float[Tensor, "batch cell"]
    memory: Float[Tensor, "batch source memory"]
    keys: Float[Tensor, "batch source key"]
    mask: Bool[Tensor, "batch source"]


class AlignmentDecoder(SequenceLayer[AlignmentState]):
    """Base of the two decoders: all but the equations, which are in ``look_and_write``.

    ``hidden_size`` must be the encoder's, ``memory_size`` is ``encoder.memory_size``.
    Raises ValueError or TypeError that names what does not fit.
    """

    def __init__(self, cell: Cell, score: Score, input_size: int, memory_size: int) -> None:
        super().__init__()
        self.cell, self.score = cell, score
        self.input_size, self.memory_size = input_size, memory_size

    def look_and_write(
        self, x: Float[Tensor, "batch input"], state: AlignmentState
    ) -> tuple[Float[Tensor, "batch out"], Float[Tensor, "batch source"], AlignmentState]:
        """Return the output of one step, the weights over the source, and the new state."""
        raise NotImplementedError

    def start(self, encoded: Encoded) -> AlignmentState:
        """Return the state that has read the source and no target token yet."""
        batch = encoded.memory.shape[0]
        check_sequence("encoded.memory", encoded.memory, self.memory_size, self.cell.weight_hh)
        keys = self.score.read(encoded.memory)
        state = AlignmentState(encoded.h, encoded.c, encoded.memory, keys, encoded.mask)
        self._check("encoded", state, batch)
        return state

    def initial_state(self, batch: int) -> AlignmentState:
        """Return the state without any source: zeros, and nothing to look at."""
        h, c = cell_start(self.cell, batch)
        memory, keys = (
            h.new_zeros(batch, 0, self.memory_size),
            h.new_zeros(batch, 0, self.score.key_size),
        )
        return AlignmentState(h, c, memory, keys, torch.ones_like(memory[..., 0]).bool())

    def step(
        self, x: Float[Tensor, "batch input"], state: AlignmentState
    ) -> tuple[Float[Tensor, "batch out"], AlignmentState]:
        """Read one target token, looking at every source token once."""
        check_token("x", x, self.input_size, like=self.cell.weight_ih)
        self._check("state", state, x.shape[0])
        y, _, state = self.look_and_write(x, state)
        return y, state

    def forward(
        self, x: Float[Tensor, "batch time input"], state: AlignmentState | None = None
    ) -> tuple[Float[Tensor, "batch time out"], AlignmentState]:
        """Read target tokens; ``state`` comes from ``start`` or an earlier chunk."""
        y, _, state = self.aligned(x, state)
        return y, state

    def aligned(
        self, x: Float[Tensor, "batch time input"], state: AlignmentState | None = None
    ) -> tuple[Float[Tensor, "batch time out"], Float[Tensor, "batch time source"], AlignmentState]:
        """Do what ``forward`` does, and also return the weights: who looked where."""
        check_sequence("x", x, self.input_size, like=self.cell.weight_ih)
        state = self.initial_state(x.shape[0]) if state is None else state
        self._check("state", state, x.shape[0])
        outputs, looks = [], []
        for x_t in x.unbind(dim=1):
            y, weights, state = self.look_and_write(x_t, state)
            outputs.append(y)
            looks.append(weights)
        return torch.stack(outputs, dim=1), torch.stack(looks, dim=1), state

    def _check(self, name: str, state: AlignmentState, batch: int) -> None:
        h, c = cell_start(self.cell, batch)
        source = state.memory.shape[1] if state.memory.ndim == 3 else 0
        check_state(f"{name}.h", state.h, tuple(h.shape), like=h)
        check_state(f"{name}.c", state.c, tuple(c.shape), like=c)
        check_state(f"{name}.memory", state.memory, (batch, source, self.memory_size), like=h)
        check_state(f"{name}.keys", state.keys, (batch, source, self.score.key_size), like=h)
        check_state(f"{name}.mask", state.mask, (batch, source))


class BahdanauDecoder(AlignmentDecoder):
    """Look first, then step: the last state asks, and the answer goes into the cell.

    e(i, j) = v . tanh(W s(i-1) + U h(j)),   alpha(i) = softmax(e(i)),   c(i) = sum alpha h
    s(i) = f([x(i); c(i)], s(i-1)),          y(i) = [s(i); c(i)]

    x: (batch, time, input), y: (batch, time, hidden + memory). s(0) is the encoder's last
    state, without the paper's tanh layer. Source: Bahdanau et al. 2015, section 3.1.
    """

    def __init__(
        self, input_size: int, hidden_size: int, memory_size: int, cell: CellKind = "gru"
    ) -> None:
        score = AdditiveScore(hidden_size, memory_size, hidden_size)
        recurrent = make_cell(cell, input_size + memory_size, hidden_size)
        super().__init__(recurrent, score, input_size, memory_size)

    def look_and_write(
        self, x: Float[Tensor, "batch input"], state: AlignmentState
    ) -> tuple[Float[Tensor, "batch out"], Float[Tensor, "batch source"], AlignmentState]:
        """Return [s(i); c(i)], alpha(i) and the new state."""
        ### BEGIN SOLUTION
        context, weights = align(self.score(state.h, state.keys), state.memory, state.mask)
        h, c = cell_step(self.cell, torch.cat([x, context], dim=-1), state.h, state.c)
        return torch.cat([h, context], dim=-1), weights, state._replace(h=h, c=c)
        ### END SOLUTION


class LuongDecoder(AlignmentDecoder):
    """Step first, then look: the new state asks, and the answer joins it in the output.

    s(i) = f(x(i), s(i-1)),   e(i, j) = s(i) . h(j) or s(i) . W h(j),   c(i) = sum alpha h
    y(i) = tanh(W_c [c(i); s(i)])

    x: (batch, time, input), y: (batch, time, hidden). ``score`` is "dot", which needs equal
    sizes, or "general". ``combine`` is W_c. What was looked at does not come back into the
    recurrence (the paper's input feeding is left out). Source: Luong et al. 2015, eq. (5), (7).
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        memory_size: int,
        score: Literal["dot", "general"] = "general",
        cell: CellKind = "lstm",
    ) -> None:
        if score not in ("dot", "general"):
            raise ValueError(f"score must be 'dot' or 'general', got {score!r}")
        if score == "dot" and memory_size != hidden_size:
            raise ValueError(
                f"memory_size must equal hidden_size {hidden_size} for dot, got {memory_size}"
            )
        view = DotScore(hidden_size) if score == "dot" else GeneralScore(hidden_size, memory_size)
        recurrent = make_cell(cell, input_size, hidden_size)
        super().__init__(recurrent, view, input_size, memory_size)
        self.combine = nn.Linear(memory_size + hidden_size, hidden_size, bias=False)

    def look_and_write(
        self, x: Float[Tensor, "batch input"], state: AlignmentState
    ) -> tuple[Float[Tensor, "batch out"], Float[Tensor, "batch source"], AlignmentState]:
        """Return the attentional state y(i), alpha(i) and the new state."""
        ### BEGIN SOLUTION
        h, c = cell_step(self.cell, x, state.h, state.c)
        context, weights = align(self.score(h, state.keys), state.memory, state.mask)
        y = torch.tanh(self.combine(torch.cat([context, h], dim=-1)))
        return y, weights, state._replace(h=h, c=c)
        ### END SOLUTION
