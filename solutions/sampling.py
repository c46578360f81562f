"""From logits to tokens: how a language model is made to write.

Letters of the equations and names in the code: z = ``logits``, T = ``temperature``,
k = ``top_k``, P = ``top_p``.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from solutions.language_model import LanguageModel


def next_probabilities(
    logits: Float[Tensor, "batch vocabulary"],
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Float[Tensor, "batch vocabulary"]:
    """Return the probabilities that the next token is drawn from.

    p = softmax(z / T), then two cuts, each followed by dividing by what is left:
    ``top_k`` keeps the k likeliest tokens; ``top_p`` keeps the likeliest tokens, one after
    the other, until they hold at least P together, the one that gets there included. Of
    equally likely tokens the one with the smaller number comes first. Temperature 0 stands for
    its limit: the likeliest token has probability 1. Half precision becomes float32. Raises
    ValueError for a temperature below 0, ``top_k`` below 1, ``top_p`` outside (0, 1].
    Source: Fan, Lewis & Dauphin 2018, section 5.1 (top-k); Holtzman et al. 2020, section 3.1
    (nucleus).
    """
    check_choices(temperature, top_k, top_p)
    ### BEGIN SOLUTION
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    z, order = wide.sort(dim=-1, descending=True, stable=True)
    rank = torch.arange(z.shape[-1], device=z.device)
    if temperature == 0:
        p = (rank == 0).to(z.dtype).expand_as(z)
    else:
        # The largest is taken off first: a small T must not make it infinite.
        p = ((z - z[..., :1]) / temperature).softmax(dim=-1)
    if top_k is not None:
        p = p.masked_fill(rank >= top_k, 0.0)
        p = p / p.sum(dim=-1, keepdim=True)
    if top_p is not None and top_p < 1:
        enough = p.cumsum(dim=-1) >= top_p
        # What comes behind the token that got there: the first always stays.
        p = p.masked_fill(enough.roll(1, dims=-1) & (rank > 0), 0.0)
        p = p / p.sum(dim=-1, keepdim=True)
    return torch.zeros_like(p).scatter(-1, order, p)
    ### END SOLUTION


def sample(
    logits: Float[Tensor, "batch vocabulary"],
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: torch.Generator | None = None,
) -> Int[Tensor, " batch"]:
    """Draw a token for each row, by ``next_probabilities``, independently of the other rows.

    The same seed of ``generator`` gives the same tokens. Errors are those of
    ``next_probabilities``.
    """
    ### BEGIN SOLUTION
    p = next_probabilities(logits, temperature, top_k, top_p)
    return torch.multinomial(p, 1, generator=generator).squeeze(-1)
    ### END SOLUTION


@torch.no_grad()
def generate(
    model: LanguageModel[Any],
    prompt: Int[Tensor, "batch time"],
    count: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: torch.Generator | None = None,
    real: Bool[Tensor, "batch time"] | None = None,
) -> Int[Tensor, "batch count"]:
    """Return ``count`` new tokens behind each row of ``prompt``.

    The prompt is read at once, which fills the state (prefill); then every new token is drawn
    from the logits and read by one ``step``, which costs what a step costs. ``real`` is False
    where the prompt is padded, on either side, for a layer that takes such a mask; each row
    needs a real token. Raises ValueError for a ``count`` below 1; other errors are those of
    the model and of ``next_probabilities``.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    check_choices(temperature, top_k, top_p)
    last = last_real(prompt, real)
    ### BEGIN SOLUTION
    logits, state = model(prompt, None) if real is None else model(prompt, None, real)
    row = torch.arange(prompt.shape[0], device=prompt.device)
    tokens = [sample(logits[row, last], temperature, top_k, top_p, generator)]
    while len(tokens) < count:
        logits, state = model.step(tokens[-1], state)
        tokens.append(sample(logits, temperature, top_k, top_p, generator))
    return torch.stack(tokens, dim=1)
    ### END SOLUTION


def last_real(prompt: Tensor, real: Tensor | None) -> Int[Tensor, " batch"]:
    """Return where the last real token of each row stands; raise ValueError if there is none."""
    if real is None:
        return torch.full((prompt.shape[0],), prompt.shape[1] - 1, device=prompt.device)
    if not bool(real.any(dim=1).all()):
        raise ValueError("real must be True for at least one token of every prompt")
    place = torch.arange(real.shape[1], device=real.device)
    return torch.where(real, place, -1).amax(dim=1)


def check_choices(temperature: float, top_k: int | None, top_p: float | None) -> None:
    """Raise ValueError for choices that no probabilities could follow."""
    if not 0 <= temperature < math.inf:
        raise ValueError(f"temperature must be at least 0, got {temperature}")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k must be at least 1, got {top_k}")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p must lie above 0 and at most at 1, got {top_p}")
