"""Look up by content with states of several sizes: does a larger state hold more pairs?

The task is that of ``memory.recall``, with shorter lists. Every layer reads the same
embedding through a linear map to its own width, so that what differs is the state alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from experiments.harness.registry import Outcome
from experiments.memory.recall import Lists, draw, learn, share_right
from experiments.training.descent import Descent
from solutions.attention import MultiHeadAttention
from solutions.delta import GatedDeltaNet
from solutions.linear_attention import LinearAttention, Retention
from solutions.min_rnn import MinGRU
from solutions.rwkv import RWKVTimeMixing
from solutions.selective import Mamba
from solutions.xlstm import MLSTM

# A layer of so many numbers of state: the layer, and its width. One head, one matrix of root n
# by root n; RWKV's four vectors share the numbers. Sums to divide by, and the tokens
# that Mamba's short convolution keeps, come on top; "mamba" is one without that convolution.
LAYERS: dict[str, Callable[[int], tuple[nn.Module, int]]] = {
    "linear-attention": lambda n: _square(lambda d: LinearAttention(d, 1), n),
    "retnet": lambda n: _square(lambda d: Retention(d, 1), n),
    "rwkv": lambda n: (RWKVTimeMixing(n // 4), n // 4),
    "gated-delta": lambda n: _square(lambda d: GatedDeltaNet(d, 1), n),
    "mlstm": lambda n: _square(lambda d: MLSTM(d, d), n),
    "mingru": lambda n: (MinGRU(EMBEDDING, n), EMBEDDING),
    "mamba": lambda n: _square(lambda d: Mamba(d, d, expand=1, width=1), n),
    "mamba-conv": lambda n: _square(lambda d: Mamba(d, d, expand=1), n),
    "attention": lambda n: _square(lambda d: MultiHeadAttention(d, 1), n),
}
EMBEDDING = 32


def _square(build: Callable[[int], nn.Module], numbers: int) -> tuple[nn.Module, int]:
    width = math.isqrt(numbers)
    return build(width), width


class Reader(nn.Module):
    """Embed a token, read with one layer, answer from its output and the token itself."""

    def __init__(self, layer: str, numbers: int, keys: int, values: int) -> None:
        super().__init__()
        self.layer, width = LAYERS[layer](numbers)
        out = numbers if layer == "mingru" else width
        self.key, self.value = nn.Embedding(keys, EMBEDDING), nn.Embedding(values + 1, EMBEDDING)
        self.narrow = nn.Linear(EMBEDDING, width)
        self.answer = nn.Sequential(
            nn.Linear(out + EMBEDDING, 64), nn.ReLU(), nn.Linear(64, values)
        )

    def forward(self, lists: Lists) -> Float[Tensor, "batch query value"]:
        """Return the scores of every value at the queries."""
        x = self.key(lists.keys) + self.value(lists.values)
        y, _ = self.layer(self.narrow(x))
        asked = lists.answers.shape[1]
        scores: Tensor = self.answer(torch.cat([y, x], -1)[:, -asked:])
        return scores


def state_numbers(layer: str, numbers: int, tokens: int) -> int:
    """Return how many numbers a layer really carries on after ``tokens`` tokens."""
    built, width = LAYERS[layer](numbers)
    _, state = built(torch.zeros(1, tokens, width))
    return sum(part.numel() for part in state)


def run(parameters: dict[str, Any], device: str) -> Outcome:
    """Train one layer on lists of every length mixed; return its accuracy by length."""
    p = parameters
    torch.manual_seed(p["seed"])
    generator = torch.Generator().manual_seed(p["seed"])
    model = Reader(p["layer"], p["numbers"], p["keys"], p["values"]).to(device)
    descent = Descent(model, p["rate"], p["steps"], fused=True)

    def lists(batch: int, pairs: int) -> Lists:
        drawn = draw(batch, pairs, pairs, p["keys"], p["values"], generator)
        return Lists(*(part.to(device) for part in drawn))

    curve = learn(model, descent, lists, generator, p, points=10)
    return {
        "accuracy": share_right(model, lists, p),
        "chance": round(1 / p["values"], 4),
        "state_numbers": state_numbers(p["layer"], p["numbers"], p["pairs"][-1]),
        "weights": sum(q.numel() for q in model.parameters()),
        "curve": curve,
    }
