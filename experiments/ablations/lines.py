"""Nets with and without gates tell the language of a single line of text.

Every net reads characters and answers after the last one. Widths, directions and the number of
batches differ from row to row, so that nets can be compared at equal width, at equal weights and at
equal time.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Int
from torch import Tensor, nn

from experiments.harness.registry import Outcome
from experiments.nets.loops import gru_loop, lstm_loop, rnn_loop
from experiments.nets.stacked import Net, Stack, Weights, uniform
from experiments.training.contest import Adam, Plan
from experiments.training.lines import LANGUAGES, SYMBOLS, Lines, line_sets

EMBEDDING = 16
LOOPS = {"tanh": rnn_loop, "lstm": lstm_loop, "gru": gru_loop}
GATES = {"tanh": 1, "lstm": 4, "gru": 3}
LOOKS = 12  # at the held-out lines during training


class LineReader(Net):
    """An embedding, one recurrent layer or two that read from both ends, and a linear readout.

    x (seed, batch, time) holds symbols; 0 is padding, which stands at the end and changes nothing:
    each direction is read where its line ends. The forget gates of an LSTM start with bias 1.
    """

    stacked = True

    def __init__(self, kind: str, hidden: int, both_ways: bool = False) -> None:
        super().__init__()
        self.kind, self.ways = kind, 1 + both_ways
        wide = GATES[kind] * hidden
        self.embedding = nn.Parameter(torch.randn(SYMBOLS, EMBEDDING))
        self.w_in = uniform(self.ways, EMBEDDING, wide, fan=hidden)
        self.w_back = uniform(self.ways, hidden, wide, fan=hidden)
        self.bias = nn.Parameter(torch.zeros(self.ways, 1, wide))
        self.w_out = uniform(self.ways * hidden, len(LANGUAGES), fan=self.ways * hidden)
        self.b_out = nn.Parameter(torch.zeros(1, len(LANGUAGES)))
        if kind == "lstm":  # net inputs stand in the order i, f, o, g
            with torch.no_grad():
                self.bias[..., hidden : 2 * hidden] = 1.0

    def answer(self, w: Weights, x: Tensor) -> Tensor:
        """Return the scores of the languages, (seed, batch, language)."""
        lengths, seeds = (x > 0).sum(-1), torch.arange(len(x)).view(-1, 1, 1)
        ends = (lengths - 1).view(*lengths.shape, 1, 1)
        last = []
        for way in range(self.ways):
            # What a symbol adds to each net input; a row of the table for each symbol.
            table = torch.baddbmm(w["bias"][:, way], w["embedding"], w["w_in"][:, way])
            net = table[seeds, x if way == 0 else turned(x, lengths)]
            h = LOOPS[self.kind](net, w["w_back"][:, way])
            last.append(h.gather(2, ends.expand(-1, -1, 1, h.shape[-1])).squeeze(2))
        return torch.baddbmm(w["b_out"], torch.cat(last, -1), w["w_out"])


def turned(x: Int[Tensor, "*lead time"], lengths: Int[Tensor, " *lead"]) -> Tensor:
    """Turn every line round within its length; the padding stays where it is."""
    t, end = torch.arange(x.shape[-1]), lengths.unsqueeze(-1)
    return x.gather(-1, torch.where(t < end, end - 1 - t, t.expand_as(x)))


def run(parameters: dict[str, Any], device: str) -> Outcome:
    """Train all seeds of one net; say how many held-out lines each has right, and which not.

    ``confusion`` counts, over all seeds, the held-out lines of each language (rows) by what they
    were taken for (columns). Runs on the CPU whatever the device: the loops are compiled for it.
    """
    seeds, steps, batch = parameters["seeds"], parameters["steps"], parameters["batch"]
    training, held_out = line_sets(parameters["training"], parameters["held_out"])
    net = {key: parameters[key] for key in ("kind", "hidden", "both_ways")}
    stack = Stack(lambda: LineReader(**net), seeds)
    adam = Adam(stack, Plan(seeds, steps * batch, batch, parameters["rate"]))
    draws = torch.Generator().manual_seed(seeds[0])
    curve = [[0, *shares(stack, held_out)]]
    for step in range(1, steps + 1):
        rows = torch.randint(len(training.lengths), (len(seeds), batch), generator=draws)
        x, _, language = training.take(rows)
        losses = F.cross_entropy(stack(x).movedim(-1, 1), language, reduction="none")
        adam.step(losses.mean(1), parameters["rate"] * (1 - 0.9 * step / steps))
        if step % max(1, steps // LOOKS) == 0:
            curve.append([step * batch, *shares(stack, held_out)])
    table = torch.zeros(len(LANGUAGES), len(LANGUAGES), dtype=torch.long)
    for guessed in guesses(stack, held_out):
        ones = torch.ones_like(guessed)
        table.index_put_((held_out.language, guessed), ones, accumulate=True)
    return {
        "weights": stack.weights,
        "layer_weights": sum(stack.shapes[name].numel() for name in ("w_in", "w_back", "bias")),
        "lines_read": steps * batch,
        "held_out": len(held_out.lengths),
        "curve": curve,
        "right": shares(stack, held_out),
        "languages": list(LANGUAGES),
        "confusion": table.tolist(),
    }


@torch.no_grad()
def guesses(stack: Stack, lines: Lines) -> Int[Tensor, "seed line"]:
    """Return the language that every seed takes each line for."""
    seeds = len(stack.theta)
    parts = lines.symbols.split(500)
    return torch.cat([stack(part.expand(seeds, -1, -1)).argmax(-1) for part in parts], 1)


def shares(stack: Stack, lines: Lines) -> list[float]:
    """Return the share of lines that every seed has right."""
    right = guesses(stack, lines) == lines.language
    return [round(share, 4) for share in right.double().mean(1).tolist()]
