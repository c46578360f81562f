"""Reading one sequence to write another: through one vector, or by looking back at all of it.

An encoder reads the source; a decoder, a sequence layer over the target, starts from what the
encoder hands over:

    state = decoder.start(encoder(source, source_mask))
    y, state = decoder(target, state)

Letters of the equations and names in the code: h(j) = ``memory``, the encoder's state at
source token j; s(i) = the decoder's state, field ``h`` (and ``c`` if its cell is an LSTM);
e = ``scores``, alpha = ``weights``, c(i) = ``context``. ``mask`` is boolean, True = may attend.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from solutions.attention import check_padding_mask
from solutions.layer import SequenceLayer, check_sequence, check_state, check_token, unroll

CellKind = Literal["gru", "lstm"]
Cell = nn.GRUCell | nn.LSTMCell


def make_cell(kind: CellKind, input_size: int, hidden_size: int) -> Cell:
    """Return a new recurrent cell; raise ValueError for an unknown kind or a size below 1."""
    if kind not in ("gru", "lstm"):
        raise ValueError(f"cell must be 'gru' or 'lstm', got {kind!r}")
    if input_size < 1 or hidden_size < 1:
        raise ValueError(f"sizes must be at least 1, got {input_size} and {hidden_size}")
    if kind == "gru":
        return nn.GRUCell(input_size, hidden_size)
    return nn.LSTMCell(input_size, hidden_size)


def cell_start(cell: Cell, batch: int) -> tuple[Tensor, Tensor]:
    """Return zeros for h, (batch, hidden), and c, (batch, hidden) or (batch, 0) for a GRU."""
    c_size = cell.hidden_size if isinstance(cell, nn.LSTMCell) else 0
    weight = cell.weight_hh
    return weight.new_zeros(batch, cell.hidden_size), weight.new_zeros(batch, c_size)


def cell_step(cell: Cell, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Return the next h and c; a GRU has no c and hands it through."""
    if isinstance(cell, nn.LSTMCell):
        h, c = cell(x, (h, c))
        return h, c
    return cell(x, h), c


class Encoded(NamedTuple):
    """What an encoder hands over: all its states, the last one, and which are not padding."""

    memory: Float[Tensor, "batch source memory"]
    h: Float[Tensor, "batch hidden"]
    c: Float[Tensor, "batch cell"]
    mask: Bool[Tensor, "batch source"]


class Encoder(nn.Module):
    """Read a source with a recurrent cell and keep the state after every token.

    h(j) = f(x(j), h(j-1));  with ``bidirectional`` h(j) is joined by the state of a second
    cell that reads from the end, and the last state handed over is that second cell's.
    Padding leaves a state as it is, so that padded and bare sequences give the same result.

    source: (batch, source, input), memory: (batch, source, ``memory_size``).
    Source: Cho et al. 2014, section 2.2; Sutskever et al. 2014; Bahdanau et al. 2015, 3.2.
    """

    def __init__(
        self, input_size: int, hidden_size: int, cell: CellKind = "gru", bidirectional: bool = False
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.memory_size = 2 * hidden_size if bidirectional else hidden_size
        self.ahead = make_cell(cell, input_size, hidden_size)
        self.back = make_cell(cell, input_size, hidden_size) if bidirectional else None

    def forward(
        self,
        source: Float[Tensor, "batch source input"],
        mask: Bool[Tensor, "batch source"] | None = None,
    ) -> Encoded:
        """Read the source; ``mask`` is False where a token is padding."""
        check_sequence("source", source, self.input_size, like=self.ahead.weight_ih)
        check_padding_mask("mask", mask, source)
        if mask is None:
            mask = torch.ones(source.shape[:2], dtype=torch.bool, device=source.device)
        memory, h, c = self._read(self.ahead, source, mask)
        if self.back is not None:
            reverse, h, c = self._read(self.back, source.flip(1), mask.flip(1))
            memory = torch.cat([memory, reverse.flip(1)], dim=-1)
        return Encoded(memory, h, c, mask)

    def _read(self, cell: Cell, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return all states of one direction, and the last h and c."""
        h, c = cell_start(cell, x.shape[0])
        states = []
        for x_t, real in zip(x.unbind(1), mask.unsqueeze(-1).unbind(1), strict=True):
            new_h, new_c = cell_step(cell, x_t, h, c)
            h, c = torch.where(real, new_h, h), torch.where(real, new_c, c)
            states.append(h)
        return torch.stack(states, dim=1), h, c


class FixedContextState(NamedTuple):
    """The decoder's own state, and the one vector that stands for the whole source."""

    h: Float[Tensor, "batch hidden"]
    c: Float[Tensor, "batch cell"]
    context: Float[Tensor, "batch hidden"]


class FixedContextDecoder(SequenceLayer[FixedContextState]):
    """Write from one vector: all that is known of the source is the encoder's last state.

    s(0) = h(last);   s(i) = f([x(i); h(last)], s(i-1))  with ``feed_context``   (Cho et al.)
                      s(i) = f(x(i), s(i-1))             without                 (Sutskever et al.)

    x: (batch, time, input), y(i) = s(i): (batch, time, hidden). ``hidden_size`` must be the
    encoder's. Source: Cho et al. 2014, eq. (5), without its tanh layer before s(0);
    Sutskever et al. 2014, section 2.
    """

    def __init__(
        self, input_size: int, hidden_size: int, cell: CellKind = "gru", feed_context: bool = True
    ) -> None:
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        self.feed_context = feed_context
        self.cell = make_cell(cell, input_size + hidden_size * feed_context, hidden_size)

    def start(self, encoded: Encoded) -> FixedContextState:
        """Return the state that has read the source and no target token yet."""
        state = FixedContextState(encoded.h, encoded.c, encoded.h)
        self._check("encoded", state, encoded.memory.shape[0])
        return state

    def initial_state(self, batch: int) -> FixedContextState:
        """Return the state without any source: zeros."""
        h, c = cell_start(self.cell, batch)
        return FixedContextState(h, c, h.clone())

    def step(
        self, x: Float[Tensor, "batch input"], state: FixedContextState
    ) -> tuple[Float[Tensor, "batch hidden"], FixedContextState]:
        """Read one target token."""
        check_token("x", x, self.input_size, like=self.cell.weight_ih)
        self._check("state", state, x.shape[0])
        ### BEGIN SOLUTION
        fed = torch.cat([x, state.context], dim=-1) if self.feed_context else x
        h, c = cell_step(self.cell, fed, state.h, state.c)
        return h, FixedContextState(h, c, state.context)
        ### END SOLUTION

    def forward(
        self, x: Float[Tensor, "batch time input"], state: FixedContextState | None = None
    ) -> tuple[Float[Tensor, "batch time hidden"], FixedContextState]:
        """Read target tokens; ``state`` comes from ``start`` or an earlier chunk."""
        check_sequence("x", x, self.input_size, like=self.cell.weight_ih)
        return unroll(self, x, state)

    def _check(self, name: str, state: FixedContextState, batch: int) -> None:
        h, c = cell_start(self.cell, batch)
        check_state(f"{name}.h", state.h, tuple(h.shape), like=h)
        check_state(f"{name}.c", state.c, tuple(c.shape), like=c)
        check_state(f"{name}.context", state.context, tuple(h.shape), like=h)
