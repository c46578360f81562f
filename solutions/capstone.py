"""One answer to assignment 8: two letters kept as they are, and a gated memory behind them.

What is said is the sound of the letter one step back. It may depend on the letter now, on the one
two steps back, and on the last mark before, however long ago. So the last two letters are kept as
they are, and a memory hears each letter two steps late: what it holds then is what came before the
letter that is asked for. Its gates see that letter and not the memory, so they are known for a
whole sequence at once. A net with a bend says "this letter and this context".

    z(t) = sigmoid(W_z x(t-2)),   m(t) = m(t-1) + z(t) (tanh(W_m x(t-2)) - m(t-1)),
    y(t) = W_y relu(W_h [x(t), x(t-1), x(t-2), m(t)])
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from solutions.layer import SequenceLayer


class MyLayer(SequenceLayer[tuple[Tensor, ...]]):
    """A layer of your own: ``features`` numbers come in with each token, and as many go out."""

    def __init__(self, features: int) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.features, self.memory = features, 12
        self.gate = nn.Linear(features, self.memory)
        self.write = nn.Linear(features, self.memory)
        self.mix = nn.Linear(3 * features + self.memory, 42)
        self.say = nn.Linear(42, features)
        ### END SOLUTION

    def initial_state(self, batch: int) -> tuple[Tensor, ...]:
        """Return what the layer knows before the first token: tensors, (batch, ...) each.

        Make zeros like a weight, and they have its dtype: ``self.w.new_zeros(batch, n)``.
        """
        ### BEGIN SOLUTION
        zeros = self.say.weight.new_zeros
        return zeros(batch, self.memory), zeros(batch, self.features), zeros(batch, self.features)
        ### END SOLUTION

    def step(
        self, x: Float[Tensor, "batch features"], state: tuple[Tensor, ...]
    ) -> tuple[Float[Tensor, "batch features"], tuple[Tensor, ...]]:
        """Read one token; return its output and the new state."""
        ### BEGIN SOLUTION
        y, state = self.forward(x.unsqueeze(1), state)
        return y.squeeze(1), state
        ### END SOLUTION

    def forward(
        self, x: Float[Tensor, "batch time features"], state: tuple[Tensor, ...] | None = None
    ) -> tuple[Float[Tensor, "batch time features"], tuple[Tensor, ...]]:
        """Read a whole sequence; ``state`` carries on from an earlier one."""
        ### BEGIN SOLUTION
        memory, two, one = self.initial_state(len(x)) if state is None else state
        heard = torch.cat([two.unsqueeze(1), one.unsqueeze(1), x], dim=1)
        twice, once = heard[:, :-2], heard[:, 1:-1]  # two letters back, and one
        gates, writes = torch.sigmoid(self.gate(twice)), torch.tanh(self.write(twice))
        memories = []
        for gate, written in zip(gates.unbind(1), writes.unbind(1), strict=True):
            memory = memory + gate * (written - memory)
            memories.append(memory)
        known = torch.cat([x, once, twice, torch.stack(memories, dim=1)], dim=2)
        return self.say(torch.relu(self.mix(known))), (memory, heard[:, -2], heard[:, -1])
        ### END SOLUTION
