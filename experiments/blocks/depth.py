"""Train stacks of transformer blocks, pre-norm or post-norm, as they grow deeper."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from experiments.harness.registry import Outcome
from experiments.training import language, text
from solutions.transformer import Decoder, TransformerConfig

HEADS = 2


class CharacterStack(nn.Module):
    """A character language model: ``depth`` decoder blocks with the norm on either side."""

    def __init__(self, width: int, depth: int, norm: Any) -> None:
        super().__init__()
        self.embedding = nn.Embedding(text.SYMBOLS, width)
        self.decoder = Decoder(
            TransformerConfig(width, HEADS, depth, norm=norm, positions="rotary")
        )
        self.output = nn.Linear(width, text.SYMBOLS)

    def forward(self, characters: Int[Tensor, "batch time"]) -> Float[Tensor, "batch time symbol"]:
        """Return the scores of the next character after every character."""
        y, _ = self.decoder(self.embedding(characters))
        scores: Tensor = self.output(y)
        return scores


def run_depth(p: dict[str, Any], device: str) -> Outcome:
    """Train all seeds of one depth, norm, peak rate and length of warm-up; return their losses.

    Adam at its usual settings and no clipping, so that nothing but the block decides how far the
    gradient reaches. The rate rises in a straight line for ``warm_up`` steps and then stays.
    """
    training, _ = language.split(p["characters"])
    curves = [losses(p, seed, training, device) for seed in p["seeds"]]
    tenth = p["steps"] // 10
    with torch.device("meta"):
        weights = sum(
            q.numel() for q in CharacterStack(p["width"], p["depth"], p["norm"]).parameters()
        )
    return {
        "curve": [
            [round(v, 4) for v in curve.view(10, tenth).mean(1).tolist()] for curve in curves
        ],
        "loss": [round(curve[-tenth:].mean().item(), 4) for curve in curves],
        "weights": weights,
        "characters_read": p["steps"] * p["batch"] * p["length"],
        "unit": "nats per character",
    }


def losses(
    p: dict[str, Any], seed: int, training: Int[Tensor, " character"], device: str
) -> Float[Tensor, " step"]:
    """Return the training loss of every step; each batch is fresh."""
    torch.manual_seed(seed)
    model = CharacterStack(p["width"], p["depth"], p["norm"]).to(device)
    draws = torch.Generator().manual_seed(seed)
    adam = torch.optim.Adam(model.parameters(), lr=p["rate"], fused=True)
    found = []
    for step in range(1, p["steps"] + 1):
        for group in adam.param_groups:
            group["lr"] = p["rate"] * min(1.0, step / p["warm_up"]) if p["warm_up"] else p["rate"]
        pieces = text.windows(training, p["batch"], p["length"] + 1, draws).to(device)
        scores = model(pieces[:, :-1])
        loss = nn.functional.cross_entropy(scores.flatten(0, 1), pieces[:, 1:].flatten())
        adam.zero_grad()
        loss.backward()
        adam.step()
        found.append(loss.item())
    return torch.tensor(found, dtype=torch.float64)
