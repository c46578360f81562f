"""A network with a notebook: a memory matrix that heads read and write, found by content.

A neural Turing machine. Letters of the equations and names in the code: M = ``memory``
(slots, width), w = ``weights`` over the slots, k = ``key``, beta = ``strength``, g = ``gate``,
s = ``shift``, gamma = ``sharpness``, e = ``erase``, a = ``add``, r = ``read``.
Equation numbers are those of Graves, Wayne & Danihelka 2014.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from solutions.layer import SequenceLayer, check_sequence, check_state, check_token, unroll


def content_weights(
    memory: Float[Tensor, "batch slots width"],
    key: Float[Tensor, "batch heads width"],
    strength: Float[Tensor, "batch heads"],
) -> Float[Tensor, "batch heads slots"]:
    """Find slots by what they hold.

    w(i) = softmax_i(beta K(k, M(i))),   K(u, v) = u . v / (|u| |v|)            (5), (6)

    K is 0 where a vector is 0. With beta = 0, or slots that are all alike, w is uniform; as
    beta grows it singles out the slot whose direction is nearest to the key's.
    """
    ### BEGIN SOLUTION
    lengths = torch.linalg.vector_norm(key, dim=-1).unsqueeze(-1) * torch.linalg.vector_norm(
        memory, dim=-1
    ).unsqueeze(1)
    # A zero vector is like nothing: 0 / 1, and a finite gradient.
    likeness = key @ memory.transpose(1, 2) / lengths.masked_fill(lengths == 0, 1.0)
    return torch.softmax(strength.unsqueeze(-1) * likeness, dim=-1)
    ### END SOLUTION


def move_weights(
    content: Float[Tensor, "batch heads slots"],
    previous: Float[Tensor, "batch heads slots"],
    gate: Float[Tensor, "batch heads"],
    shift: Float[Tensor, "batch heads 3"],
    sharpness: Float[Tensor, "batch heads"],
) -> Float[Tensor, "batch heads slots"]:
    """Go on from the slots found by content, or from those used last, by one slot at most.

    w_g = g w_c + (1 - g) w(t-1)                                                  (7)
    w_s(i) = sum_j w_g(j) s(i - j),  around the end; s for -1, 0 and +1            (8)
    w(i) = w_s(i)^gamma / sum_j w_s(j)^gamma,  gamma >= 1                          (9)
    """
    ### BEGIN SOLUTION
    gate = gate.unsqueeze(-1)
    weights = gate * content + (1 - gate) * previous
    moved = torch.stack([weights.roll(-1, -1), weights, weights.roll(1, -1)], dim=-2)
    weights = (shift.unsqueeze(-1) * moved).sum(dim=-2)
    # Over the largest first: a high power of small numbers would vanish altogether.
    weights = weights / weights.amax(dim=-1, keepdim=True)
    powers = weights ** sharpness.unsqueeze(-1)
    return powers / powers.sum(dim=-1, keepdim=True)
    ### END SOLUTION


def read_memory(
    memory: Float[Tensor, "batch slots width"], weights: Float[Tensor, "batch heads slots"]
) -> Float[Tensor, "batch heads width"]:
    """Return r = sum_i w(i) M(i) for each head.                                  (2)"""
    ### BEGIN SOLUTION
    return weights @ memory
    ### END SOLUTION


def write_memory(
    memory: Float[Tensor, "batch slots width"],
    weights: Float[Tensor, "batch heads slots"],
    erase: Float[Tensor, "batch heads width"],
    add: Float[Tensor, "batch heads width"],
) -> Float[Tensor, "batch slots width"]:
    """Return the memory after all heads have first erased, then added.

    M(i) <- M(i) * prod_heads (1 - w(i) e) + sum_heads w(i) a                     (3), (4)

    The memory passed in is left as it is.
    """
    ### BEGIN SOLUTION
    kept = (1 - weights.unsqueeze(-1) * erase.unsqueeze(2)).prod(dim=1)
    return memory * kept + weights.transpose(1, 2) @ add
    ### END SOLUTION


class NTMState(NamedTuple):
    """The memory, where each head stood, what was read last, and the controller's state."""

    memory: Float[Tensor, "batch slots width"]
    read_weights: Float[Tensor, "batch read_heads slots"]
    write_weights: Float[Tensor, "batch write_heads slots"]
    read: Float[Tensor, "batch read_heads width"]
    h: Float[Tensor, "batch hidden"]
    c: Float[Tensor, "batch hidden"]


class NeuralTuringMachine(SequenceLayer[NTMState]):
    """An LSTM that keeps notes: its state is large, but only a few slots change per step.

    h(t) = LSTM([x(t); r(t-1)], h(t-1)),   the heads' k, beta, g, s, gamma, e, a from h(t)
    M(t) = write(M(t-1)),   r(t) = read(M(t)),   y(t) = V [h(t); r(t)] + b

    Heads find slots by ``content_weights``, then ``move_weights``. beta is a softplus, g and e
    are sigmoids, s a softmax, gamma one plus a softplus of a linear map of h(t). x: (batch,
    time, input), y: (batch, time, output). The memory starts from ``start``, a parameter; every
    head starts on slot 0. Raises ValueError or TypeError that names what does not fit.
    Source: Graves, Wayne & Danihelka 2014, section 3.
    """

    def __init__(
        self,
        input_size: int,
        output_size: int,
        hidden_size: int,
        slots: int,
        width: int,
        read_heads: int = 1,
        write_heads: int = 1,
    ) -> None:
        super().__init__()
        sizes = (input_size, output_size, hidden_size, slots, width, read_heads, write_heads)
        if min(sizes) < 1:
            raise ValueError(f"sizes must be at least 1, got {sizes}")
        self.input_size, self.slots, self.width = input_size, slots, width
        self.read_heads, self.write_heads = read_heads, write_heads
        self.controller = nn.LSTMCell(input_size + read_heads * width, hidden_size)
        # Per head: key, strength, gate, three shifts, sharpness; to write, erase and add.
        self.reading = nn.Linear(hidden_size, read_heads * (width + 6))
        self.writing = nn.Linear(hidden_size, write_heads * (3 * width + 6))
        self.output = nn.Linear(hidden_size + read_heads * width, output_size)
        self.start = nn.Parameter(torch.randn(slots, width) / width**0.5)

    def initial_state(self, batch: int) -> NTMState:
        """Return the memory's start, heads on slot 0, nothing read, in the layer's dtype."""
        zeros = self.start.new_zeros
        first = zeros(batch, max(self.read_heads, self.write_heads), self.slots)
        first[..., 0] = 1.0
        hidden = self.controller.hidden_size
        return NTMState(
            memory=self.start.expand(batch, -1, -1),
            read_weights=first[:, : self.read_heads],
            write_weights=first[:, : self.write_heads].clone(),
            read=zeros(batch, self.read_heads, self.width),
            h=zeros(batch, hidden),
            c=zeros(batch, hidden),
        )

    def address(
        self,
        memory: Float[Tensor, "batch slots width"],
        previous: Float[Tensor, "batch heads slots"],
        wishes: Float[Tensor, "batch heads wishes"],
    ) -> Float[Tensor, "batch heads slots"]:
        """Return where the heads look; ``wishes`` hold width + 6 numbers from the controller."""
        ### BEGIN SOLUTION
        key, strength, gate, shift, sharpness = wishes.split([self.width, 1, 1, 3, 1], dim=-1)
        content = content_weights(memory, key, F.softplus(strength).squeeze(-1))
        return move_weights(
            content,
            previous,
            torch.sigmoid(gate).squeeze(-1),
            torch.softmax(shift, dim=-1),
            1 + F.softplus(sharpness).squeeze(-1),
        )
        ### END SOLUTION

    def step(
        self, x: Float[Tensor, "batch input"], state: NTMState
    ) -> tuple[Float[Tensor, "batch output"], NTMState]:
        """Read one token: ask the controller, write, then read what is there now."""
        check_token("x", x, self.input_size, like=self.start)
        self._check("state", state, x.shape[0])
        ### BEGIN SOLUTION
        h, c = self.controller(torch.cat([x, state.read.flatten(1)], dim=-1), (state.h, state.c))
        wishes = self.writing(h).unflatten(-1, (self.write_heads, -1))
        where, erase, add = wishes.split([self.width + 6, self.width, self.width], dim=-1)
        write_weights = self.address(state.memory, state.write_weights, where)
        memory = write_memory(state.memory, write_weights, torch.sigmoid(erase), add)
        where = self.reading(h).unflatten(-1, (self.read_heads, -1))
        read_weights = self.address(memory, state.read_weights, where)
        read = read_memory(memory, read_weights)
        y = self.output(torch.cat([h, read.flatten(1)], dim=-1))
        return y, NTMState(memory, read_weights, write_weights, read, h, c)
        ### END SOLUTION

    def forward(
        self, x: Float[Tensor, "batch time input"], state: NTMState | None = None
    ) -> tuple[Float[Tensor, "batch time output"], NTMState]:
        """Read a whole sequence; ``state`` carries on from an earlier chunk."""
        check_sequence("x", x, self.input_size, like=self.start)
        return unroll(self, x, state)

    def _check(self, name: str, state: NTMState, batch: int) -> None:
        hidden = self.controller.hidden_size
        shapes = {
            "memory": (batch, self.slots, self.width),
            "read_weights": (batch, self.read_heads, self.slots),
            "write_weights": (batch, self.write_heads, self.slots),
            "read": (batch, self.read_heads, self.width),
            "h": (batch, hidden),
            "c": (batch, hidden),
        }
        for field, shape in shapes.items():
            check_state(f"{name}.{field}", getattr(state, field), shape, like=self.start)
