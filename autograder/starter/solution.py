"""The reference. What stands between the two marked lines of an object is what students write.

Objects are imported by name in the exercise, one to a cell or several. One without such lines may
be shown as it is, in a cell tagged 'given'. Nothing else of this file is released.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


def half_life(decay: Tensor) -> Tensor:
    """Return after how many steps a state that decays by this factor counts half."""
    ### BEGIN SOLUTION
    return -1 / torch.log2(decay)
    ### END SOLUTION


class AverageState(NamedTuple):
    """What the layer remembers."""

    h: Tensor  # (batch, size)


class MovingAverage(nn.Module):
    """An exponential moving average of each feature."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.logit = nn.Parameter(torch.zeros(size))

    def initial_state(self, batch: int) -> AverageState:
        """Return the state before the first token."""
        ### BEGIN SOLUTION
        return AverageState(self.logit.new_zeros(batch, len(self.logit)))
        ### END SOLUTION

    def step(self, x: Tensor, state: AverageState) -> tuple[Tensor, AverageState]:
        """Read one token, (batch, size)."""
        ### BEGIN SOLUTION
        decay = torch.sigmoid(self.logit)
        average = decay * state.h + (1 - decay) * x
        return average, AverageState(average)
        ### END SOLUTION

    def forward(self, x: Tensor, state: AverageState | None = None) -> tuple[Tensor, AverageState]:
        """Read a whole sequence, (batch, time, size)."""
        ### BEGIN SOLUTION
        state = self.initial_state(len(x)) if state is None else state
        averages = []
        for token in x.unbind(1):
            average, state = self.step(token, state)
            averages.append(average)
        return torch.stack(averages, dim=1), state
        ### END SOLUTION
