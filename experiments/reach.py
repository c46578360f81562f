"""How many characters of context a trained character LSTM uses, when it could use more.

The nets train on windows longer than any reach that is claimed for them, so a reach of several
hundred characters could show.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from experiments import language, text
from experiments.registry import Experiment, Outcome, Trial, register

AT_ONCE = 100  # pieces tested together, to bound memory


class Scorer(text.CharacterLM):
    """The character LSTM as a map from characters to the scores of the next ones."""

    def forward(self, characters: Int[Tensor, "batch time"]) -> Float[Tensor, "batch time symbol"]:
        """Return a score for every symbol, after every character."""
        scores: Tensor = self.output(self.states(characters))
        return scores


def trials(quick: bool) -> list[Trial]:
    """Return one trained net per trial, and one untrained: the control."""
    fixed = {
        "characters": 4_000_000,
        "hidden": 128,
        "window": 600,
        "batch": 8,
        "rate": 0.01,
        "contexts": [1, 2, 5, 10, 25, 50, 100, 200, 350, 500, 800],
        "test": 200 if quick else 3000,
        "flat": 0.02,
    }
    steps = 20 if quick else 600
    trained = [
        Trial(f"seed-{seed}", {"seed": seed, "steps": steps, **fixed})
        for seed in range(1 if quick else 5)
    ]
    return [*trained, Trial("untrained", {"seed": 0, "steps": 0, **fixed})]


def run(p: dict[str, Any], device: str) -> Outcome:
    """Train one net, then cut its context; all losses are on the same characters.

    ``reach`` is the context from which on more of it gains less than ``flat`` nats.
    """
    training, held_out = language.split(p["characters"])
    torch.manual_seed(p["seed"])
    model = Scorer(p["hidden"]).to(device)
    losses = []
    if p["steps"]:
        losses = language.train(
            model, training, p["steps"], p["batch"], p["window"], p["rate"], p["seed"]
        )
    pieces = language.cut(held_out, p["test"], max(p["contexts"]) + 1).to(device)
    parts = [text.loss_by_context(model, part, p["contexts"]) for part in pieces.split(AT_ONCE)]
    loss = torch.tensor(parts, dtype=torch.float64).mean(0).tolist()
    return {
        "loss": [round(value, 4) for value in loss],
        "reach": language.reach(p["contexts"], loss, p["flat"]),
        "training_loss": [round(loss, 3) for loss in losses[::20]],
        "characters_read": p["batch"] * p["window"] * p["steps"],
        "unit": "nats per character",
    }


register(
    Experiment(
        "limits-reach",
        "limits",
        "Beyond how many characters of context does a trained character LSTM gain nothing?",
        (__name__,),
        trials,
        run,
        90,
    )
)
