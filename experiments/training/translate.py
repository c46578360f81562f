"""Reading one sequence of symbols to write another, with and without attention.

The two translators differ in what the decoder may see of the source: one vector, the encoder's
last state (Cho et al. 2014), or at each step a weighted mean of all states (Bahdanau et al.
2015). Both use the GRU, as those papers do.

Target symbols: 0 = start, and padding behind the end, 1 = end, the task's own from 2 on.
Source symbols: 0 = padding, the task's own from 1 on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from experiments.training.descent import Descent
from solutions.alignment import BahdanauDecoder
from solutions.memory import Encoded, Encoder, FixedContextDecoder

START, END, FIRST = 0, 1, 2


class Pairs(NamedTuple):
    """Sources, and targets that end with END; both padded with 0."""

    source: Int[Tensor, "batch source"]
    target: Int[Tensor, "batch time"]


class Translator(nn.Module):
    """Encoder, decoder, and a score for every target symbol.

    With ``attention`` the encoder reads in both directions and the decoder looks back at each
    step; without, a forward encoder hands its last state to the decoder, which sees it at every
    step. ``width`` is the size of embeddings and of every state.
    """

    def __init__(self, sources: int, targets: int, width: int, attention: bool) -> None:
        super().__init__()
        self.attention = attention
        self.read = nn.Embedding(sources, width)
        self.written = nn.Embedding(targets, width)
        self.encoder = Encoder(width, width, bidirectional=attention)
        memory = self.encoder.memory_size
        self.decoder: BahdanauDecoder | FixedContextDecoder
        if attention:
            self.decoder = BahdanauDecoder(width, width, memory)
            self.output = nn.Linear(width + memory, targets)
        else:
            self.decoder = FixedContextDecoder(width, width)
            self.output = nn.Linear(width, targets)

    def encode(self, source: Int[Tensor, "batch source"]) -> Encoded:
        """Read the sources."""
        encoded: Encoded = self.encoder(self.read(source), source > 0)
        return encoded

    def forward(self, pairs: Pairs) -> Float[Tensor, "batch time symbol"]:
        """Return the scores of every next symbol, given the right symbols before it."""
        before = nn.functional.pad(pairs.target[:, :-1], (1, 0), value=START)
        state = self.decoder.start(self.encode(pairs.source))
        y, _ = self.decoder(self.written(before), state)
        scores: Tensor = self.output(y)
        return scores

    def loss(self, pairs: Pairs) -> Tensor:
        """Return the mean cross-entropy per symbol, END included."""
        scores = self.forward(pairs).flatten(0, 1)
        return nn.functional.cross_entropy(scores, pairs.target.flatten(), ignore_index=0)


def greedy(
    model: Translator, source: Int[Tensor, "batch source"], longest: int
) -> tuple[Int[Tensor, "batch time"], Float[Tensor, "batch time source"] | None]:
    """Write the best symbol at each step until END; also return the weights, if there are any."""
    symbol = source.new_zeros(len(source))
    alive = torch.ones_like(symbol, dtype=torch.bool)
    written, looks = [], []
    with torch.no_grad():
        state = model.decoder.start(model.encode(source))
        for _ in range(longest):
            x = model.written(symbol)
            if isinstance(model.decoder, BahdanauDecoder):
                y, weights, state = model.decoder.look_and_write(x, state)
                looks.append(weights)
            else:
                y, state = model.decoder.step(x, state)
            scores = model.output(y)
            scores[:, START] = float("-inf")
            symbol = torch.where(alive, scores.argmax(-1), 0)
            written.append(symbol)
            alive = alive & (symbol != END)
            if not alive.any():
                break
    return torch.stack(written, 1), torch.stack(looks, 1) if looks else None


def train(
    model: Translator, draw: Callable[[], Pairs], steps: int, rate: float
) -> list[list[float]]:
    """Train with Adam under a one-cycle schedule; return (step, loss) at about 20 steps."""
    descent = Descent(model, rate, steps)
    curve, stride = [], max(1, steps // 20)
    for step in range(1, steps + 1):
        loss = model.loss(draw())
        descent.step(loss)
        if step % stride == 0:
            curve.append([step, round(loss.item(), 4)])
    return curve


def symbols(row: Int[Tensor, " time"]) -> list[int]:
    """Return the symbols of one target up to its end, without END."""
    written = row.tolist()
    return written[: written.index(END)] if END in written else [s for s in written if s != START]


def edit_distance(a: Sequence[object], b: Sequence[object]) -> int:
    """Return how many insertions, deletions and substitutions turn ``a`` into ``b``."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]
