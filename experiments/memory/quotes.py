"""Does one cell of a character LSTM stand for "inside a quotation"?

Text is made up: words drawn at random, now and then a quotation of some of them. What may
follow (an opening mark, a closing one, some of the words) depends on that flag, so a model that
predicts the text well must keep it. Asked of every cell: how far does its state go with the
flag? Question and method: Karpathy, Johnson & Li 2015, section 4.2.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from experiments.harness.registry import Outcome
from experiments.training.descent import Descent
from experiments.training.text import CharacterLM
from solutions.gates import LSTMCell

QUOTE = ord('"')
SHARED = ["a", "and", "the", "moon", "river"]
SPOKEN = ["I", "go", "now"]  # in quotations only
TOLD = ["he", "ran", "far"]  # outside only


def quoted_text(
    characters: int, generator: torch.Generator, opening: float, closing: float
) -> Int[Tensor, " character"]:
    """Write text of at least ``characters`` characters and cut it to that length.

    Half of the words, at random, are of those that stand anywhere. Before each word outside a
    quotation one opens with probability ``opening``; after each further word inside it closes
    with probability ``closing``.
    """
    pieces, written, inside = [], 0, False
    while written < characters:
        turn, shared, pick = torch.rand(3, generator=generator).tolist()
        opens, closes = not inside and turn < opening, inside and turn < closing
        inside = inside or opens
        words = SHARED if shared < 0.5 else SPOKEN if inside else TOLD
        word = '"' * opens + words[int(pick * len(words))] + '"' * closes
        inside = inside and not closes
        pieces.append(word + " ")
        written += len(word) + 1
    return torch.tensor(list("".join(pieces)[:characters].encode()))


def inside_quotes(text: Int[Tensor, "*batch time"]) -> Bool[Tensor, "*batch time"]:
    """Say of every character whether a quotation is open after it; none is at the start."""
    return ((text == QUOTE).cumsum(-1) % 2).bool()


def draw(
    text: Int[Tensor, " character"], count: int, length: int, generator: torch.Generator
) -> Int[Tensor, "count length"]:
    """Cut ``count`` pieces out of a text, each from a word on that stands outside quotations."""
    body = text[: len(text) - length]
    starts = ((body == ord(" ")) & ~inside_quotes(body)).nonzero().squeeze(1) + 1
    chosen = starts[torch.randint(len(starts), (count, 1), generator=generator)]
    return text[chosen + torch.arange(length)]


@torch.no_grad()
def cell_states(
    model: CharacterLM, text: Int[Tensor, "batch time"]
) -> Float[Tensor, "batch time hidden"]:
    """Return the state c of every cell after each character."""
    lstm = model.lstm
    cell = LSTMCell(lstm.input_size, lstm.hidden_size).to(text.device)
    cell.weight_ih.copy_(lstm.weight_ih_l0)
    cell.weight_hh.copy_(lstm.weight_hh_l0)
    cell.bias.copy_(lstm.bias_ih_l0 + lstm.bias_hh_l0)
    h = c = cell.bias.new_zeros(len(text), lstm.hidden_size)
    kept = []
    for x in model.embedding(text).unbind(1):
        h, c = cell(x, h, c)
        kept.append(c)
    return torch.stack(kept, dim=1)


def correlations(model: CharacterLM, text: Int[Tensor, "batch time"]) -> Float[Tensor, " hidden"]:
    """Return the absolute correlation of every cell with the flag, over all characters."""
    states = cell_states(model, text).flatten(0, 1)
    flag = inside_quotes(text).flatten().to(states)
    return torch.corrcoef(torch.cat([flag.unsqueeze(1), states], dim=1).T)[0, 1:].abs()


def run(parameters: dict[str, Any], device: str) -> Outcome:
    """Train one character LSTM; correlate its cells with the flag, before and after."""
    p = parameters
    torch.manual_seed(p["seed"])
    generator = torch.Generator().manual_seed(p["seed"])
    text = quoted_text(p["characters"], generator, p["opening"], p["closing"])
    model = CharacterLM(p["hidden"], p["embedding"])
    with torch.no_grad():  # of PyTorch's two biases one is enough
        model.lstm.bias_ih_l0[p["hidden"] : 2 * p["hidden"]] = p["forget_bias"]
    model.to(device)
    fresh = quoted_text(p["characters"] // 4, generator, p["opening"], p["closing"])
    fresh = draw(fresh, p["test_count"], p["length"], generator).to(device)
    before = correlations(model, fresh)
    descent = Descent(model, p["rate"], p["steps"])
    best = []
    for step in range(1, p["steps"] + 1):
        batch = draw(text, p["batch"], p["length"] + 1, generator).to(device)
        scores = model.output(model.states(batch[:, :-1]))
        loss = nn.functional.cross_entropy(scores.flatten(0, 1), batch[:, 1:].flatten())
        descent.step(loss)
        if step % max(1, p["steps"] // 20) == 0:
            best.append([step, round(correlations(model, fresh).max().item(), 3)])
    after = correlations(model, fresh)
    solved = after.max().item() > p["wanted"]
    row = {"seed": p["seed"], "solved": solved, "sequences": p["batch"] * p["steps"]}
    return {
        "solved": int(solved),
        "of": 1,
        "budget": p["batch"] * p["steps"],
        "criterion": f"a cell's state correlates with the flag by more than {p['wanted']}",
        "seeds": [row],
        "best": round(after.max().item(), 4),
        "best_cell": int(after.argmax()),
        "best_before_training": round(before.max().item(), 4),
        "median": round(after.median().item(), 4),
        "above_half": int((after > 0.5).sum()),
        "cells": p["hidden"],
        "largest": [round(v, 3) for v in after.sort(descending=True).values[:10].tolist()],
        "loss": round(loss.item(), 4),
        "curve": best,
    }
