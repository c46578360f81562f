"""How much of the past a character language model uses, and what happens past its training."""

from __future__ import annotations

import math
from typing import Any

import torch

from experiments.harness.registry import Outcome
from experiments.nets.sized import SequenceModel, parameters, width_for
from experiments.training import language, text

AT_ONCE = 100


def run_context(p: dict[str, Any], device: str) -> Outcome:
    """Train the character LSTM once, then cut its context to 5, 10, ... characters.

    All losses are on the same characters. ``reach`` is the context from which on more of it
    gains less than ``flat`` nats.
    """
    training, held_out = language.split(p["characters"])
    torch.manual_seed(p["seed"])
    model = text.CharacterLM(p["hidden"], p["embedding"]).to(device)
    losses = text.train(model, training.to(device), p["steps"], p["seed"])
    pieces = language.cut(held_out, p["test"], max(p["contexts"]) + 1).to(device)
    # Some at a time, to bound memory; ``test`` is a multiple of it, so that all count alike.
    parts = [text.loss_by_context(model, part, p["contexts"]) for part in pieces.split(AT_ONCE)]
    loss = torch.tensor(parts, dtype=torch.float64).mean(0).tolist()
    tail = losses[-50:]
    return {
        "contexts": p["contexts"],
        "loss": [round(value, 4) for value in loss],
        "reach": language.reach(p["contexts"], loss, p["flat"]),
        "training_loss": round(sum(tail) / len(tail), 4),
        "weights": parameters(model),
        "characters_read": 16 * 200 * p["steps"],
        "unit": "nats per character",
    }


def run_positions(p: dict[str, Any], device: str) -> Outcome:
    """Train one kind of model of a given size; measure its loss by position in the text.

    Positions are taken together in octaves: 1, 2, 3-4, 5-8, ... ``reach`` is the octave's end
    from which on the loss falls by less than ``flat`` nats.
    """
    training, held_out = language.split(p["characters"])
    torch.manual_seed(p["seed"])
    width = width_for(p["kind"], text.SYMBOLS, text.SYMBOLS, p["size"])
    model = SequenceModel(p["kind"], text.SYMBOLS, text.SYMBOLS, width).to(device)
    language.train(model, training, p["steps"], p["batch"], p["length"], p["rate"], p["seed"])
    pieces = language.cut(held_out, p["test"], p["length"] + 1)
    by_position = language.loss_by_position(model, pieces)
    ranges = language.octaves(p["length"])
    loss = [by_position[first - 1 : last].mean().item() for first, last in ranges]
    ends = [last for _, last in ranges]
    return {
        "positions": ends,
        "loss": [round(value, 4) for value in loss],
        "reach": language.reach(ends, loss, p["flat"]),
        "weights": parameters(model),
        "width": width,
        "characters_read": p["steps"] * p["batch"] * p["length"],
        "unit": "nats per character",
    }


def run_length(p: dict[str, Any], device: str) -> Outcome:
    """Train a small causal transformer on short windows; test it on longer ones.

    The loss is measured by position on pieces of the longest tested length: a causal model's
    first 48 positions are what it would do with 48 tokens. ``rise`` is, for each ``longer``
    length, the mean loss after the trained positions less that on the last eight trained ones.
    """
    training, held_out = language.split(p["characters"])
    torch.manual_seed(p["seed"])
    model = SequenceModel("transformer", text.SYMBOLS, text.SYMBOLS, p["width"], p["positions"]).to(
        device
    )
    language.train(model, training, p["steps"], p["batch"], p["trained"], p["rate"], p["seed"])
    longest = max(p["tested"])
    by_position = language.loss_by_position(model, language.cut(held_out, p["test"], longest + 1))
    edges = [last for _, last in language.octaves(p["trained"])]
    longer = [length for length in p["tested"] if length > p["trained"]]
    edges += longer
    means = [by_position[a:b].mean().item() for a, b in zip([0, *edges[:-1]], edges, strict=True)]
    trained = by_position[p["trained"] - 8 : p["trained"]].mean().item()
    return {
        "up_to": edges,
        "loss": [round(value, 4) for value in means],
        "trained": round(trained, 4),
        "longer": longer,
        "rise": [
            round(by_position[p["trained"] : length].mean().item() - trained, 4)
            for length in longer
        ],
        "weights": parameters(model),
        "characters_read": p["steps"] * p["batch"] * p["trained"],
        "unit": "nats per character",
        "chance": round(math.log(text.SYMBOLS), 4),
    }
