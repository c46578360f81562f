"""What selection buys: Mamba blocks that choose by the token, and blocks that choose once for all.

Three tasks of Gu & Dao 2023, section 4.1, small. Copying: symbols in the first places, noise, then
marks; each mark wants the next symbol. Selective copying: the symbols stand at random places.
Induction: somewhere a trigger with a symbol behind it; the trigger comes again, what follows?
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from experiments.harness.registry import Outcome
from experiments.nets.sized import Residual
from experiments.training.descent import Descent
from solutions.selective import Mamba

SELECTS = {"nothing": (False, False), "step": (True, False), "all": (True, True)}


class Choosing(Mamba):
    """A Mamba whose step size, or B and C, are what one learned vector would select.

    ``step`` and ``maps`` say what may depend on the token. Everything else stays the same.
    """

    def __init__(self, width: int, states: int, step: bool, maps: bool) -> None:
        super().__init__(width, states)
        self.step_by_token, self.maps_by_token = step, maps
        self.always = nn.Parameter(torch.randn(self.inner))

    def _system(self, u: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        by_token = self.step_by_token or self.maps_by_token
        delta, A, B, C = super()._system(u if by_token else self.always)
        if not (self.step_by_token and self.maps_by_token):
            always, _, *maps = super()._system(self.always)
            delta = delta if self.step_by_token else always
            B, C = (B, C) if self.maps_by_token else maps
        lead = u.shape[:-1]
        delta, B, C = (part.expand(*lead, -1).contiguous() for part in (delta, B, C))
        return delta, A, B, C


class Asked(NamedTuple):
    """Symbols, and what is wanted at the last steps."""

    x: Int[Tensor, "batch time"]
    answers: Int[Tensor, "batch asked"]


def copying(
    batch: int, room: int, items: int, symbols: int, scattered: bool, generator: torch.Generator
) -> Asked:
    """Draw ``items`` symbols in ``room`` steps, in front or ``scattered``, and as many marks.

    Noise is symbol ``symbols``, the mark comes after it.
    """
    wanted = torch.randint(0, symbols, (batch, items), generator=generator)
    x = torch.full((batch, room + items), symbols)
    x[:, room:] = symbols + 1
    if scattered:
        places = torch.rand(batch, room, generator=generator).argsort(1)[:, :items].sort(1).values
    else:
        places = torch.arange(items).expand(batch, items)
    return Asked(x.scatter_(1, places, wanted), wanted)


def induction(batch: int, length: int, symbols: int, generator: torch.Generator) -> Asked:
    """Draw random symbols, a trigger (symbol ``symbols``) at a random place, and one at the end."""
    x = torch.randint(0, symbols, (batch, length), generator=generator)
    place = torch.randint(0, length - 2, (batch, 1), generator=generator)
    x.scatter_(1, place, symbols)
    x[:, -1] = symbols
    return Asked(x, x.gather(1, place + 1))


def draw(p: dict[str, Any], batch: int, length: int, generator: torch.Generator) -> Asked:
    """Draw sequences of the task ``p["task"]``; ``length``: steps before the marks, or in all."""
    if p["task"] == "induction":
        return induction(batch, length, p["symbols"], generator)
    scattered = p["task"] == "selective copying"
    return copying(batch, length, p["items"], p["symbols"], scattered, generator)


class Reader(nn.Module):
    """Embedding, residual blocks, scores after every token."""

    def __init__(self, p: dict[str, Any]) -> None:
        super().__init__()
        step, maps = SELECTS[p["selects"]]
        self.read = nn.Embedding(p["symbols"] + 2, p["width"])
        layers = (Choosing(p["width"], p["states"], step, maps) for _ in range(p["layers"]))
        self.body = nn.Sequential(*(Residual(p["width"], layer) for layer in layers))
        self.out = nn.Sequential(nn.LayerNorm(p["width"]), nn.Linear(p["width"], p["symbols"]))

    def forward(self, asked: Asked) -> Float[Tensor, "batch asked symbol"]:
        """Return the scores of every symbol where something is wanted."""
        y: Tensor = self.out(self.body(self.read(asked.x))[:, -asked.answers.shape[1] :])
        return y


def run(parameters: dict[str, Any], device: str) -> Outcome:
    """Train one net; return its accuracy on fresh sequences, by length."""
    p = parameters
    torch.manual_seed(p["seed"])
    generator = torch.Generator().manual_seed(p["seed"])
    model = Reader(p).to(device)
    descent = Descent(model, p["rate"], p["steps"], fused=True)

    def asked(batch: int, length: int) -> Asked:
        return Asked(*(part.to(device) for part in draw(p, batch, length, generator)))

    curve, stride = [], max(1, p["steps"] // 20)
    for step in range(1, p["steps"] + 1):
        batch = asked(p["batch"], p["length"])
        loss = nn.functional.cross_entropy(model(batch).flatten(0, 1), batch.answers.flatten())
        descent.step(loss)
        if step % stride == 0:
            curve.append([step, round(loss.item(), 4)])
    accuracy = {}
    with torch.no_grad():
        for length in p["tested"]:
            batch = asked(p["test_count"], length)
            right = model(batch).argmax(-1) == batch.answers
            accuracy[str(length)] = round(right.float().mean().item(), 4)
    return {
        "accuracy": accuracy,
        "chance": round(1 / p["symbols"], 4),
        "weights": sum(q.numel() for q in model.parameters()),
        "curve": curve,
    }
