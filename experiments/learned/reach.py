"""How many characters of context a trained character LSTM uses, when it could use hundreds."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from experiments.harness.registry import Outcome
from experiments.training import language, text

AT_ONCE = 100  # pieces tested together, to bound memory


class Scorer(text.CharacterLM):
    """The character LSTM as a map from characters to the scores of the next ones."""

    def forward(self, characters: Int[Tensor, "batch time"]) -> Float[Tensor, "batch time symbol"]:
        """Return a score for every symbol, after every character."""
        scores: Tensor = self.output(self.states(characters))
        return scores


def run_reach(p: dict[str, Any], device: str) -> Outcome:
    """Train the character LSTM once, then cut its context to 1, 2, 5, ... characters.

    It trains on windows longer than the reach that is claimed for it, so that such a reach could
    show; with no steps it stays as it starts, the control. All losses are on the same characters.
    ``reach`` is the context from which on more of it gains less than ``flat`` nats.
    """
    training, held_out = language.split(p["characters"])
    torch.manual_seed(p["seed"])
    model = Scorer(p["hidden"], p["embedding"]).to(device)
    losses = []
    if p["steps"]:
        losses = language.train(
            model, training, p["steps"], p["batch"], p["window"], p["rate"], p["seed"]
        )
    pieces = language.cut(held_out, p["test"], max(p["contexts"]) + 1).to(device)
    # Some at a time, to bound memory; ``test`` is a multiple of it, so that all count alike.
    parts = [text.loss_by_context(model, part, p["contexts"]) for part in pieces.split(AT_ONCE)]
    loss = torch.tensor(parts, dtype=torch.float64).mean(0).tolist()
    return {
        "contexts": p["contexts"],
        "loss": [round(value, 4) for value in loss],
        "reach": language.reach(p["contexts"], loss, p["flat"]),
        "training_loss": [round(value, 3) for value in losses[::20]],
        "characters_read": p["batch"] * p["window"] * p["steps"],
        "unit": "nats per character",
    }
