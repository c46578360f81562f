"""The layers on the sheet, each in the same block, as wide as an equal number of weights allows.

    x <- W_in e,   x <- x + layer(LN(x)),   x <- x + feed(LN(x)),   y = W_out LN(x)

The layer reads and writes the block's width; ``feed`` is twice as wide inside. What a task puts
before and behind the block has a width of its own, so that it weighs the same for every layer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from solutions.attention import MultiHeadAttention
from solutions.delta import GatedDeltaNet
from solutions.depth import GLUBlock
from solutions.gates import GRU, LSTM, chrono_start
from solutions.layer import SequenceLayer
from solutions.linear_attention import LinearAttention, Retention
from solutions.min_rnn import MinGRU, MinLSTM
from solutions.positions import Rotary
from solutions.rnn import RNN
from solutions.rwkv import RWKVTimeMixing
from solutions.selective import Mamba
from solutions.ssd import Mamba2
from solutions.ssm import DiagonalSSM
from solutions.stacking import Stacked
from solutions.xlstm import MLSTM, SLSTM

WEIGHTS = 22_000  # of a block, within 6 %
OUTER = 32  # width before and behind the block
HEADS = 2
STATES = 16  # per channel of S4D and Mamba
LONGEST = 100  # steps for which the chrono start prepares an LSTM


@dataclass(frozen=True)
class Layer:
    """One line of the sheet: what the layer is called, its width, and how to make it at a width."""

    name: str
    width: int
    build: Callable[[int], SequenceLayer[Any]]


# A bare S4D does not mix channels: a gated linear map behind it does, as in its paper.
LAYERS = {
    "rnn": Layer("tanh RNN", 54, lambda d: RNN(d, d)),
    "lstm": Layer("LSTM", 40, lambda d: LSTM(d, d, forget_bias=1.0)),
    "lstm-chrono": Layer("LSTM, chrono start", 40, lambda d: chrono_start(LSTM(d, d), LONGEST)),
    "gru": Layer("GRU", 44, lambda d: GRU(d, d)),
    "mingru": Layer("minGRU", 54, lambda d: MinGRU(d, d)),
    "minlstm": Layer("minLSTM", 50, lambda d: MinLSTM(d, d)),
    "s4d": Layer("S4D and GLU", 52, lambda d: Stacked([DiagonalSSM(d, STATES), GLUBlock(d)])),
    "mamba": Layer("Mamba", 38, lambda d: Mamba(d, STATES)),
    "mamba2": Layer("Mamba-2", 42, lambda d: Mamba2(d, STATES, HEADS)),
    "linear-attention": Layer("linear attention", 48, lambda d: LinearAttention(d, HEADS)),
    "retnet": Layer("RetNet", 44, lambda d: Retention(d, HEADS)),
    "rwkv": Layer("RWKV", 48, lambda d: RWKVTimeMixing(d)),
    "gated-delta": Layer("gated delta rule", 46, lambda d: GatedDeltaNet(d, HEADS)),
    "slstm": Layer("sLSTM", 44, lambda d: SLSTM(d, d, HEADS)),
    "mlstm": Layer("mLSTM", 48, lambda d: MLSTM(d, d, HEADS)),
    "attention": Layer(
        "attention", 48, lambda d: MultiHeadAttention(d, HEADS, rotate=Rotary(d // HEADS))
    ),
}


class Block(nn.Module):
    """One layer in the frame that all share; reads and writes vectors of width ``OUTER``."""

    def __init__(self, layer: str, width: int) -> None:
        super().__init__()
        self.widen, self.narrow = nn.Linear(OUTER, width), nn.Linear(width, OUTER)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.layer = kernel(LAYERS[layer].build(width))
        self.feed = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(
        self, x: Float[Tensor, "batch time outer"], last: int
    ) -> Float[Tensor, "batch last outer"]:
        """Read a whole sequence; return what comes out at the ``last`` steps."""
        x = self.widen(x)
        x = (x + self.layer(self.norms[0](x))[0])[:, -last:]
        x = x + self.feed(self.norms[1](x))
        y: Tensor = self.narrow(self.norms[2](x))
        return y


def kernel(layer: nn.Module) -> nn.Module:
    """Return PyTorch's layer with the same weights, where it has one: it is faster in training.

    An RNN or LSTM of PyTorch has two biases that count by their sum: the second stays at zero.
    """
    kinds: dict[type[nn.Module], Callable[..., nn.RNNBase]] = {
        RNN: nn.RNN,
        LSTM: nn.LSTM,
        GRU: nn.GRU,
    }
    if type(layer) not in kinds:
        return layer
    own: Any = layer if isinstance(layer, GRU) else layer.cell
    fast: Any = kinds[type(layer)](own.input_size, own.hidden_size, batch_first=True)
    with torch.no_grad():
        fast.weight_ih_l0.copy_(own.weight_ih)
        fast.weight_hh_l0.copy_(own.weight_hh)
        fast.bias_ih_l0.copy_(own.bias)
        fast.bias_hh_l0.zero_()
    if isinstance(layer, GRU):
        with torch.no_grad():
            fast.bias_hh_l0[-own.hidden_size :] = own.bias_h
    else:
        fast.bias_hh_l0.requires_grad_(False)
    return fast


def weights(module: nn.Module) -> int:
    """Return how many numbers are learned."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)
