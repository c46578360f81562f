"""Dilated causal convolutions: a reach that doubles with every layer, without recurrence."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn


class CausalLayer(nn.Module):
    """A layer that looks at two tokens: its own and the one ``dilation`` steps before.

    y(t) = relu(W_0 x(t) + W_1 x(t - dilation) + b),   x(t) = 0 for t < 1

    x, y: (batch, channels, time). Weights start with variance 2 / (2 channels), b at 0, so
    that every token within reach weighs the same at the start (He et al. 2015). Source: van
    den Oord et al. 2016, section 2.1, without gates and without a way around each layer.
    """

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.mix = nn.Conv1d(channels, channels, kernel_size=2, dilation=dilation)
        nn.init.kaiming_normal_(self.mix.weight, nonlinearity="relu")
        nn.init.zeros_(self.mix.bias)

    def forward(
        self, x: Float[Tensor, "batch channels time"]
    ) -> Float[Tensor, "batch channels time"]:
        """Pad with the silence before the sequence, so that no output sees its future."""
        return torch.relu(self.mix(nn.functional.pad(x, (self.dilation, 0))))

    def halve(
        self, x: Float[Tensor, "batch channels time"]
    ) -> Float[Tensor, "batch channels half"]:
        """Return every second output, counted from the end, of tokens ``dilation`` steps apart."""
        x = nn.functional.pad(x, (x.shape[2] % 2, 0))
        return torch.relu(nn.functional.conv1d(x, self.mix.weight, self.mix.bias, stride=2))


class DilatedConvolutions(nn.Module):
    """Layers with dilations 1, 2, 4, ...: ``layers`` of them see the last 2^layers tokens.

    x: (batch, time, inputs), y: (batch, time, outputs).
    """

    def __init__(self, inputs: int, channels: int, outputs: int, layers: int) -> None:
        super().__init__()
        self.read = nn.Linear(inputs, channels)
        self.layers = nn.Sequential(*(CausalLayer(channels, 2**k) for k in range(layers)))
        self.output = nn.Linear(channels, outputs)

    def forward(self, x: Float[Tensor, "batch time inputs"]) -> Float[Tensor, "batch time outputs"]:
        """Read a whole sequence at once."""
        y: Tensor = self.output(self.layers(self.read(x).transpose(1, 2)).transpose(1, 2))
        return y

    def last(self, x: Float[Tensor, "batch time inputs"]) -> Float[Tensor, "batch outputs"]:
        """Return the last output alone, at the cost of the tokens it depends on.

        The layer of dilation 2^k then needs its outputs at every 2^(k+1)th token only.
        """
        y = self.read(x[:, -(2 ** len(self.layers)) :]).transpose(1, 2)
        for layer in self.layers:
            y = layer.halve(y)
        scores: Tensor = self.output(y[:, :, -1])
        return scores


def receptive_field(model: nn.Module, inputs: int, longest: int, batch: int = 16) -> int:
    """Return how many of the last inputs the last output depends on, by its gradient's support.

    The model maps (batch, time, inputs) to (batch, time, outputs) and is read as it is. A
    single sequence may miss a token because a ReLU is shut; a batch of them does not.
    """
    x = torch.randn(batch, longest, inputs, generator=torch.Generator().manual_seed(0))
    x.requires_grad_()
    (gradient,) = torch.autograd.grad(model(x)[:, -1].sum(), x)
    seen = (gradient != 0).any(2).any(0).nonzero()
    return longest - int(seen.min())
