"""One answer to assignment 8: a gated memory that reads two letters at a time.

What came before is kept in two ways: the last token as it was, and a vector that gates write to.
The gates see both tokens, and not the memory, so they are known for a whole sequence at once.

    k(t) = [x(t), x(t-1)],   z(t) = sigmoid(W_z k(t)),   h(t) = h(t-1) + z(t) (W_g k(t) - h(t-1))
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
        self.features, self.memory = features, 24
        self.gate = nn.Linear(2 * features, self.memory)
        self.candidate = nn.Linear(2 * features, self.memory)
        self.mix = nn.Linear(self.memory + 2 * features, 30)
        self.say = nn.Linear(30, features)
        ### END SOLUTION

    def initial_state(self, batch: int) -> tuple[Tensor, ...]:
        """Return what the layer knows before the first token: tensors, (batch, ...) each."""
        ### BEGIN SOLUTION
        zeros = self.say.weight.new_zeros
        return zeros(batch, self.memory), zeros(batch, self.features)
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
        memory, last = self.initial_state(len(x)) if state is None else state
        before = torch.cat([last.unsqueeze(1), x[:, :-1]], dim=1)
        both = torch.cat([x, before], dim=2)
        gates, candidates = torch.sigmoid(self.gate(both)), self.candidate(both)
        memories = []
        for gate, candidate in zip(gates.unbind(1), candidates.unbind(1), strict=True):
            memory = memory + gate * (candidate - memory)
            memories.append(memory)
        heard = torch.cat([torch.stack(memories, dim=1), both], dim=2)
        return self.say(torch.relu(self.mix(heard))), (memory, x[:, -1])
        ### END SOLUTION
