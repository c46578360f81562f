"""Look up by content: which value came with this key? Layers with equally many bytes of state.

A sequence is a list of pairs, one token each, then of keys alone, whose values are wanted. No
key comes twice. Each layer has 256 numbers (1,024 bytes) to remember the list by, up to 7 per
cent more where it keeps a sum to divide by; attention keeps every token instead, so its memory
grows with the list.
Source of the task: Arora et al. 2023 (multi-query associative recall), with a pair as one token.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from experiments.harness.registry import Outcome
from experiments.training.descent import Descent
from solutions.attention import MultiHeadAttention
from solutions.delta import GatedDeltaNet
from solutions.linear_attention import LinearAttention
from solutions.min_rnn import MinGRU
from solutions.selective import Mamba
from solutions.xlstm import MLSTM

# Layer, width of its input, width of its output. PyTorch's LSTM and GRU compute what ours do,
# several times faster.
LAYERS: dict[str, Callable[[], tuple[nn.Module, int, int]]] = {
    "lstm": lambda: (nn.LSTM(64, 128, batch_first=True), 64, 128),
    "gru": lambda: (nn.GRU(64, 256, batch_first=True), 64, 256),
    "mingru": lambda: (MinGRU(64, 256), 64, 256),
    "mamba": lambda: (Mamba(16, 16, expand=1, width=1), 16, 16),
    "mlstm": lambda: (MLSTM(64, 16), 64, 16),
    "linear-attention": lambda: (LinearAttention(16, 1, form="parallel"), 16, 16),
    "gated-delta": lambda: (GatedDeltaNet(16, 1), 16, 16),
    "attention": lambda: (MultiHeadAttention(16, 1), 16, 16),
}


class Lists(NamedTuple):
    """Keys and values token by token (``values`` asks where it holds no value), and answers."""

    keys: Int[Tensor, "batch time"]
    values: Int[Tensor, "batch time"]
    answers: Int[Tensor, "batch query"]


def draw(
    batch: int, pairs: int, queries: int, keys: int, values: int, generator: torch.Generator
) -> Lists:
    """Draw lists of ``pairs`` pairs, followed by ``queries`` of their keys in another order."""
    key = torch.rand(batch, keys, generator=generator).argsort(1)[:, :pairs]
    value = torch.randint(0, values, (batch, pairs), generator=generator)
    asked = torch.rand(batch, pairs, generator=generator).argsort(1)[:, :queries]
    question = torch.full_like(asked, values)
    return Lists(
        torch.cat([key, key.gather(1, asked)], 1),
        torch.cat([value, question], 1),
        value.gather(1, asked),
    )


class Reader(nn.Module):
    """Embed key and value, read with one layer, answer from its output and the token itself."""

    def __init__(self, layer: str, keys: int, values: int) -> None:
        super().__init__()
        self.layer, width, out = LAYERS[layer]()
        self.key, self.value = nn.Embedding(keys, width), nn.Embedding(values + 1, width)
        self.answer = nn.Sequential(nn.Linear(out + width, 64), nn.ReLU(), nn.Linear(64, values))

    def forward(self, lists: Lists) -> Float[Tensor, "batch query value"]:
        """Return the scores of every value at the queries."""
        x = self.key(lists.keys) + self.value(lists.values)
        y, _ = self.layer(x)
        scores: Tensor = self.answer(torch.cat([y, x], -1)[:, -lists.answers.shape[1] :])
        return scores


def state_numbers(layer: str, tokens: int) -> int:
    """Return how many numbers a layer carries on after ``tokens`` tokens."""
    built, width, _ = LAYERS[layer]()
    _, state = built(torch.zeros(1, tokens, width))
    parts = state if isinstance(state, tuple) else (state,)
    return sum(part.numel() for part in parts)


def learn(
    model: nn.Module,
    descent: Descent,
    lists: Callable[[int, int], Lists],
    generator: torch.Generator,
    p: dict[str, Any],
    *,
    points: int,
) -> list[list[Any]]:
    """Train on lists whose number of pairs is drawn for each step; return the curve of the loss."""
    curve, stride = [], max(1, p["steps"] // points)
    for step in range(1, p["steps"] + 1):
        pick = int(torch.randint(len(p["pairs"]), (1,), generator=generator))
        batch = lists(p["batch"], p["pairs"][pick])
        loss = nn.functional.cross_entropy(model(batch).flatten(0, 1), batch.answers.flatten())
        descent.step(loss)
        if step % stride == 0:
            curve.append([step, p["pairs"][pick], round(loss.item(), 3)])
    return curve


@torch.no_grad()
def share_right(
    model: nn.Module, lists: Callable[[int, int], Lists], p: dict[str, Any]
) -> list[float]:
    """Return the share of right answers on new lists, for each number of pairs."""
    shares = []
    for pairs in p["pairs"]:
        batch = lists(p["test_count"], pairs)
        right = model(batch).argmax(-1) == batch.answers
        shares.append(round(right.float().mean().item(), 4))
    return shares


def run(parameters: dict[str, Any], device: str) -> Outcome:
    """Train one layer on lists of every size mixed; return its accuracy by size."""
    p = parameters
    torch.manual_seed(p["seed"])
    generator = torch.Generator().manual_seed(p["seed"])
    model = Reader(p["layer"], p["keys"], p["values"]).to(device)
    descent = Descent(model, p["rate"], p["steps"])

    def lists(batch: int, pairs: int) -> Lists:
        queries = min(pairs, p["queries"])
        drawn = draw(batch, pairs, queries, p["keys"], p["values"], generator)
        return Lists(*(part.to(device) for part in drawn))

    curve = learn(model, descent, lists, generator, p, points=20)
    accuracy = share_right(model, lists, p)
    state = [4 * state_numbers(p["layer"], pairs) for pairs in p["pairs"]]
    return {
        "pairs": p["pairs"],
        "accuracy": accuracy,
        "chance": round(1 / p["values"], 4),
        "state_bytes": state,  # after the pairs have been read
        "parameters_count": sum(q.numel() for q in model.parameters()),
        "sequences": p["batch"] * p["steps"],
        "curve": curve,
    }
