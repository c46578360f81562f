"""Today's training of a small net, one step at a time: Adam, one cycle of the rate, clipping."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Descent:
    """Adam on a model's weights for ``steps`` steps; the gradient's norm is clipped at 1.

    The learning rate goes through one cycle, up to ``rate`` and down to nothing. ``fused`` asks
    for Adam's fused kernel, which rounds a little differently.
    """

    def __init__(self, model: nn.Module, rate: float, steps: int, fused: bool = False) -> None:
        self.model = model
        self.optimizer = torch.optim.Adam(model.parameters(), fused=fused)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(self.optimizer, rate, steps)

    def step(self, loss: Tensor) -> None:
        """Go one step down."""
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.schedule.step()
