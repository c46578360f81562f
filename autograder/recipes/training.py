"""The recipe that trains a layer on a tongue, for the notebook and for the judge alike.

Everything but the layer lies with whoever trains: the tongue, how its letters look, the readout,
the loss, and also the layer's weights. The layer is asked for outputs and gradients and told its
new weights, so that it may live in another process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from autograder.recipes.tongue import (
    LETTERS,
    SILENCE,
    SOUNDS,
    Tongue,
    draw_tongue,
    draw_words,
)

FEATURES = 24  # of a token, as the layer reads it, and of the layer's output


class Recipe(NamedTuple):
    """How long a layer is trained and how much it is asked."""

    tongues: int = 3  # each with a layer of its own; the score is their mean
    steps: int = 250
    batch: int = 48  # words
    rate: float = 1e-2  # Adam's; it rises for 20 steps and then falls to zero
    exam: int = 400  # words


class Trained(NamedTuple):
    """A layer's weights after training, and all else that reading a tongue takes."""

    tongue: Tongue
    looks: Float[Tensor, "letters features"]  # how each letter looks; fixed
    weights: dict[str, Tensor]
    readout: nn.Linear
    known: set[tuple[int, ...]]  # the words it was trained on


def own_gradients(layer: Any) -> dict[str, Tensor | None]:
    """Return the gradients of a layer in this process."""
    return {name: parameter.grad for name, parameter in layer.named_parameters()}


def shuffled(weights: dict[str, Tensor], rng: torch.Generator) -> dict[str, Tensor]:
    """Return a layer's weights with the entries of each tensor in another order."""

    def mixed(value: Tensor) -> Tensor:
        order = torch.randperm(value.numel(), generator=rng)
        return value.detach().flatten()[order].view(value.shape)

    return {name: mixed(value) for name, value in weights.items()}


def train(
    layer: Any,
    recipe: Recipe,
    rng: torch.Generator,
    gradients: Callable[[Any], dict[str, Tensor | None]] = own_gradients,
) -> Trained:
    """Train a layer from its own starting weights, shuffled, on a tongue that is drawn here."""
    tongue = draw_tongue(rng)
    looks = torch.randn(LETTERS + 1, FEATURES, generator=rng)
    readout = nn.Linear(FEATURES, SOUNDS)
    with torch.no_grad():
        readout.weight.copy_(torch.randn(SOUNDS, FEATURES, generator=rng) / FEATURES**0.5)
        readout.bias.zero_()
    weights = shuffled(layer.state_dict(), rng)
    learned = [value.requires_grad_() for value in weights.values() if value.is_floating_point()]
    adam = torch.optim.Adam([*learned, *readout.parameters()])
    known: set[tuple[int, ...]] = set()
    for step in range(recipe.steps):
        letters, sounds = draw_words(tongue, recipe.batch, rng)
        known |= set(map(tuple, letters.tolist()))
        layer.load_state_dict({name: value.detach() for name, value in weights.items()})
        layer.zero_grad()
        readout.zero_grad()
        said = readout(layer(looks[letters])[0])
        loss = F.cross_entropy(said.flatten(0, 1), sounds.flatten(), ignore_index=SILENCE)
        loss.backward()
        for name, gradient in gradients(layer).items():
            weights[name].grad = gradient
        for group in adam.param_groups:
            group["lr"] = recipe.rate * min((step + 1) / 20, 1 - step / recipe.steps)
        adam.step()
    done = {name: value.detach() for name, value in weights.items()}
    return Trained(tongue, looks, done, readout, known)
