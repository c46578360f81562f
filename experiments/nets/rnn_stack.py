"""Train the same small recurrent net from several seeds at once.

Small nets leave a processor idle between steps. With a leading seed dimension the trials run
in one batched computation, in hardly more time than one of them. Each trial keeps its own
weights, gradient norm and clipping; nothing is shared but the data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from solutions.rnn import RNN


class SideBySide(nn.Module):
    """Several RNN layers with linear readouts, stacked along a seed dimension.

    ``layers`` must agree in sizes and nonlinearity; their weights are copied. ``forward``
    takes one batch for all, (batch, time, input), and returns the readout at every step,
    (seed, batch, time, output).
    """

    def __init__(self, layers: Sequence[RNN], outputs: int) -> None:
        super().__init__()
        cells = [layer.cell for layer in layers]
        hidden = cells[0].hidden_size
        self.nonlinearity = torch.tanh if cells[0].nonlinearity == "tanh" else torch.relu
        self.weight_ih = nn.Parameter(torch.stack([c.weight_ih.detach().T for c in cells]))
        self.weight_hh = nn.Parameter(torch.stack([c.weight_hh.detach().T for c in cells]))
        self.bias = nn.Parameter(torch.stack([c.bias.detach() for c in cells]).unsqueeze(1))
        readout = torch.randn(len(cells), hidden, outputs) * hidden**-0.5
        self.readout = nn.Parameter(readout)
        self.readout_bias = nn.Parameter(torch.zeros(len(cells), 1, outputs))

    def states(self, x: Float[Tensor, "batch time input"]) -> Float[Tensor, "seed batch time h"]:
        """Return the hidden states of every net at every step."""
        seeds, hidden, _ = self.weight_hh.shape
        batch, time, _ = x.shape
        net = x.reshape(1, batch * time, -1) @ self.weight_ih + self.bias
        h = x.new_zeros(seeds, batch, hidden)
        states = []
        for net_t in net.view(seeds, batch, time, hidden).unbind(2):
            h = self.nonlinearity(torch.baddbmm(net_t, h, self.weight_hh))
            states.append(h)
        return torch.stack(states, dim=2)

    def read(self, h: Float[Tensor, "seed batch h"]) -> Float[Tensor, "seed batch output"]:
        """Apply each net's readout to one state per sequence."""
        return torch.baddbmm(self.readout_bias, h, self.readout)

    def forward(self, x: Float[Tensor, "batch time input"]) -> Tensor:
        """Return the readout at every step, (seed, batch, time, output)."""
        h = self.states(x)
        seeds, batch, time, hidden = h.shape
        return self.read(h.reshape(seeds, batch * time, hidden)).view(seeds, batch, time, -1)


def clip_each_(parameters: Iterable[nn.Parameter], max_norm: float) -> Float[Tensor, " seed"]:
    """Clip every net's gradient by its own norm, in place; return the norms before."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = sum(g.flatten(1).square().sum(1) for g in gradients).sqrt()
    scale = max_norm / norm.clamp(min=max_norm)
    for gradient in gradients:
        gradient.mul_(scale.view(-1, *[1] * (gradient.ndim - 1)))
    return norm
