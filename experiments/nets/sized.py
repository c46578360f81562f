"""Sequence models by name, as wide as a number of parameters allows.

Comparisons at equal size need models that are built alike. A recurrent net (``rnn``, ``gru``,
``lstm``) is one layer, as usual; the others are two pre-norm residual blocks: attention, minGRU
or S4D, each followed by a feed-forward net, or Mamba alone, which brings its own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from solutions.min_rnn import MinGRU
from solutions.selective import Mamba
from solutions.ssm import DiagonalSSM
from solutions.transformer import Decoder, TransformerConfig

Positions = Literal["none", "sinusoidal", "rotary", "alibi"]
LAYERS = 2
HEADS = 2
STATES = 8  # per channel of a state space model
RECURRENT: dict[str, Callable[..., nn.Module]] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
MIXERS: dict[str, Callable[[int], nn.Module]] = {
    "mingru": lambda width: MinGRU(width, width),
    "s4d": lambda width: DiagonalSSM(width, STATES),
    "mamba": lambda width: Mamba(width, STATES),
}
KINDS = (*RECURRENT, *MIXERS, "transformer")


class Residual(nn.Module):
    """x + f(LN(x)), for a layer that returns its output first or alone; (batch, time, width)."""

    def __init__(self, width: int, layer: nn.Module) -> None:
        super().__init__()
        self.norm, self.layer = nn.LayerNorm(width), layer

    def forward(self, x: Float[Tensor, "batch time width"]) -> Float[Tensor, "batch time width"]:
        """Add what the layer makes of the normalised tokens."""
        y = self.layer(self.norm(x))
        return x + (y[0] if isinstance(y, tuple) else y)


class SequenceModel(nn.Module):
    """Score ``outputs`` answers after every token of a sequence.

    Tokens are symbols below ``inputs``, (batch, time), or with ``symbols`` False vectors,
    (batch, time, inputs); scores: (batch, time, outputs). Outputs depend on the past alone.
    """

    def __init__(
        self,
        kind: str,
        inputs: int,
        outputs: int,
        width: int,
        positions: Positions = "rotary",
        symbols: bool = True,
    ) -> None:
        super().__init__()
        self.read = nn.Embedding(inputs, width) if symbols else nn.Linear(inputs, width)
        self.body = body(kind, width, positions)
        self.output = nn.Linear(width, outputs)

    def forward(
        self, tokens: Int[Tensor, "batch time"] | Float[Tensor, "batch time inputs"]
    ) -> Any:
        """Return the scores, (batch, time, outputs)."""
        y = self.body(self.read(tokens))
        scores: Tensor = self.output(y[0] if isinstance(y, tuple) else y)
        return scores


def body(kind: str, width: int, positions: Positions) -> nn.Module:
    """Return what stands between embedding and output: (batch, time, width) to the same."""
    if kind in RECURRENT:
        return RECURRENT[kind](width, width, batch_first=True)
    if kind == "transformer":
        return Decoder(TransformerConfig(width, HEADS, LAYERS, positions=positions))
    if kind not in MIXERS:
        raise ValueError(f"kind must be one of {KINDS}, got {kind!r}")
    parts: list[nn.Module] = []
    for _ in range(LAYERS):
        parts.append(Residual(width, MIXERS[kind](width)))
        if kind != "mamba":
            feed = nn.Sequential(
                nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
            )
            parts.append(Residual(width, feed))
    return nn.Sequential(*parts, nn.LayerNorm(width))


def parameters(model: nn.Module) -> int:
    """Return how many numbers a model learns, embedding and output included."""
    return sum(p.numel() for p in model.parameters())


@cache
def width_for(kind: str, inputs: int, outputs: int, size: int, symbols: bool = True) -> int:
    """Return the width at which a model comes nearest to ``size`` parameters.

    Widths are multiples of 4, so that two heads can turn pairs of features.
    """
    best, least = 0, float("inf")
    for width in range(4, 4096, 4):
        with torch.device("meta"):
            count = parameters(SequenceModel(kind, inputs, outputs, width, symbols=symbols))
        if abs(count - size) >= least:
            return best
        best, least = width, abs(count - size)
    raise ValueError(f"size must be below that of a model of width 4096, got {size}")
