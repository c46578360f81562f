"""Small language models of Python's own source, of equal size: for equal text, for equal time.

All stand in one frame, ``LanguageModel``, with one matrix for embedding and head. Between the two:
today's transformer blocks, PyTorch's LSTM, or Mamba blocks.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from experiments.harness.registry import Outcome
from experiments.nets import sized
from experiments.training import language, text
from experiments.training.descent import Descent
from solutions.causal_decoder import CausalDecoder
from solutions.depth import NoState
from solutions.language_model import LanguageModel
from solutions.layer import SequenceLayer
from solutions.sampling import generate

Model = LanguageModel[Any]
HEADS, GROUPS = 4, 2
CALIBRATION = 5  # steps whose median time decides how many fit into the seconds
MARKS = 10  # places along the training at which the held-out loss is measured


class Body(SequenceLayer[NoState]):
    """A body of ``sized`` that reads every window from its beginning; it hands on no state."""

    def __init__(self, kind: str, width: int) -> None:
        super().__init__()
        self.body = sized.body(kind, width, "none")

    def forward(
        self, x: Float[Tensor, "batch time dim"], state: NoState | None = None
    ) -> tuple[Float[Tensor, "batch time dim"], NoState]:
        """Read windows."""
        y = self.body(x)
        return (y[0] if isinstance(y, tuple) else y), NoState()


LAYERS: dict[str, Callable[[int], SequenceLayer[Any]]] = {
    "today": lambda width: CausalDecoder(width, HEADS, sized.LAYERS, GROUPS),
    "lstm": lambda width: Body("lstm", width),
    "mamba": lambda width: Body("mamba", width),
}


def build(kind: str, width: int) -> Model:
    """Return a model of one kind with weights from torch's current seed."""
    return LanguageModel(LAYERS[kind](width), text.SYMBOLS, width)


def train(
    model: Model,
    corpus: Int[Tensor, " character"],
    p: dict[str, Any],
    steps: int,
    watch: Callable[[int], None] = lambda step: None,
) -> None:
    """Train on fresh windows with one cycle of the learning rate; ``watch`` sees every step."""
    draws = torch.Generator().manual_seed(p["seed"])
    descent = Descent(model, p["rate"], steps, fused=True)
    for step in range(1, steps + 1):
        descent.step(model.loss(text.windows(corpus, p["batch"], p["length"] + 1, draws)))
        watch(step)


def steps_within(seconds: float, p: dict[str, Any], corpus: Int[Tensor, " character"]) -> int:
    """Return how many training steps fit into seconds of one core, by timing a few."""
    model, took = build(p["kind"], p["width"]), []

    def note(step: int) -> None:
        took.append(time.process_time())

    train(model, corpus, p, CALIBRATION + 2, note)  # the first steps allocate and compile
    each = torch.tensor(took).diff()[1:].median().item()
    return max(MARKS, int(seconds / each))


def held_out_loss(model: Model, pieces: Int[Tensor, "piece time"]) -> float:
    """Return the loss (nats per character) from the 33rd predicted character of a piece on."""
    by_position = language.loss_by_position(_Scores(model), pieces)
    return round(by_position[32:].mean().item(), 4)


class _Scores(torch.nn.Module):
    """A language model as ``language`` measures it: scores alone."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: Int[Tensor, "batch time"]) -> Tensor:
        """Return the scores of the next character after every character."""
        scores: Tensor = self.model(tokens)[0]
        return scores


def run_language(p: dict[str, Any], device: str) -> Outcome:
    """Train one model as ``trained`` does; against the clock without subnormal numbers.

    Saturated gates come to such numbers, and a CPU takes twice as long for them: a matter of the
    machine that a setting takes away.
    """
    torch.set_flush_denormal(bool(p["seconds"]))
    try:
        return trained(p)
    finally:
        torch.set_flush_denormal(False)


def trained(p: dict[str, Any]) -> Outcome:
    """Train one model for ``steps``, or for ``seconds`` of one core; measure it as it learns.

    ``clock`` holds the seconds of training at every point of the curve, where they count.
    """
    training, held_out = language.split(p["characters"])
    pieces = language.cut(held_out, p["test"], p["length"] + 1)
    steps = steps_within(p["seconds"], p, training) if p["seconds"] else p["steps"]
    torch.manual_seed(p["seed"])
    model = build(p["kind"], p["width"])
    curve: list[list[float]] = []
    clock: list[float] = []
    since = time.process_time()

    def watch(step: int) -> None:
        nonlocal since
        if step * MARKS // steps == (step - 1) * MARKS // steps:
            return
        clock.append(round(sum(clock[-1:]) + time.process_time() - since, 2))
        tested = pieces if step == steps else pieces[: p["glimpse"]]
        curve.append([step * p["batch"] * p["length"], held_out_loss(model, tested)])
        since = time.process_time()

    train(model, training, p, steps, watch)
    return {
        "weights": sized.parameters(model),
        "characters_read": curve[-1][0],
        "curve": curve,  # characters read, loss
        "loss": curve[-1][1],
        "unit": "nats per character",
        **({"clock": clock} if p["seconds"] else {}),
        **(written(model, p) if p["writes"] else {}),
    }


def written(model: Model, p: dict[str, Any]) -> dict[str, Any]:
    """Return what a model that keeps a state writes behind a prompt, and its logits there."""
    prompt = torch.tensor([list(p["prompt"].encode())])
    with torch.no_grad():
        logits = model(prompt)[0][0, -1]
    ways = {}
    for name, choices in p["ways"].items():
        generator = torch.Generator().manual_seed(p["seed"])
        tokens = generate(model, prompt, p["count"], **choices, generator=generator)
        ways[name] = bytes(tokens[0].tolist()).decode()
    return {"logits": [round(v, 4) for v in logits.tolist()], "written": ways}
