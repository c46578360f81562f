"""A language model: tokens in, a guess at the next token out, and any layer in between.

Letters of the equations and names in the code: E = ``embedding``, V = ``vocabulary``,
d = ``d_model``, w(t) = ``tokens``.
"""

from __future__ import annotations

from typing import Any, TypeVar

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from solutions.causal_decoder import CausalDecoder
from solutions.layer import SequenceLayer, check_state

State = TypeVar("State", bound=tuple[Any, ...])
START = 0.02  # deviation of the embedding's entries at the start, as in GPT-2


def token_loss(
    logits: Float[Tensor, "*batch vocabulary"],
    targets: Int[Tensor, "*batch"],
    counted: Bool[Tensor, "*batch"] | None = None,
) -> Float[Tensor, ""]:
    """Return the mean of -ln p(target), in nats per token, over the tokens that are counted.

    p = softmax(logits). ``counted`` is False where a target is padding or not asked for; it
    may hold any number there. exp of the loss is the perplexity. Raises ValueError for shapes
    that do not fit or when nothing is counted.
    """
    check_state("targets", targets, tuple(logits.shape[:-1]))
    if counted is None:
        counted = torch.ones_like(targets, dtype=torch.bool)
    check_state("counted", counted, tuple(targets.shape))
    if not bool(counted.any()):
        raise ValueError("counted must be True for at least one token, got none")
    chosen = logits[counted].log_softmax(dim=-1)  # (tokens counted, vocabulary)
    return -chosen.gather(-1, targets[counted].unsqueeze(-1)).mean()


class LanguageModel(SequenceLayer[State]):
    """An embedding, a sequence layer, and a head that gives every token of the vocabulary a score.

    x(t) = E[w(t)],   y(t), state(t) = layer(x(t), state(t-1)),   logits(t) = E y(t)

    As a sequence layer it reads tokens, integers below ``vocabulary``: (batch, time), or
    (batch) for ``step``. Its outputs are logits, (batch, time, vocabulary), for the token that
    comes next. Its state is the layer's.

    With ``tied`` the head is the embedding itself, and the layer puts out d_model features;
    else it is a matrix of its own, for a layer that puts out ``output_size`` (d_model unless
    given). E starts as normal numbers with deviation 0.02. Raises ValueError or TypeError that
    names the argument which does not fit. Source: Bengio et al. 2003, eq. (1); tying: Press &
    Wolf 2017; E's start: Radford et al. 2019.
    """

    def __init__(
        self,
        layer: SequenceLayer[State],
        vocabulary: int,
        d_model: int,
        tied: bool = True,
        output_size: int | None = None,
    ) -> None:
        super().__init__()
        output_size = d_model if output_size is None else output_size
        if min(vocabulary, d_model, output_size) < 1:
            raise ValueError(
                "vocabulary, d_model and output_size must be at least 1, "
                f"got {vocabulary}, {d_model} and {output_size}"
            )
        if tied and output_size != d_model:
            raise ValueError(
                f"output_size must be d_model, {d_model}, for a tied head, got {output_size}"
            )
        self.vocabulary, self.layer = vocabulary, layer
        self.embedding = nn.Embedding(vocabulary, d_model)
        nn.init.normal_(self.embedding.weight, std=START)
        self.head = nn.Linear(output_size, vocabulary, bias=False)
        if tied:
            self.head.weight = self.embedding.weight

    def initial_state(self, batch: int) -> State:
        """Return the layer's state before the first token."""
        return self.layer.initial_state(batch)

    def step(
        self, x: Int[Tensor, " batch"], state: State
    ) -> tuple[Float[Tensor, "batch vocabulary"], State]:
        """Read one token of each row; return the logits of the next."""
        check_tokens("x", x, ("batch",), self.embedding)
        y, state = self.layer.step(self.embedding(x), state)
        return self.head(y), state

    def forward(
        self,
        x: Int[Tensor, "batch time"],
        state: State | None = None,
        real: Bool[Tensor, "batch time"] | None = None,
    ) -> tuple[Float[Tensor, "batch time vocabulary"], State]:
        """Read tokens; ``real`` is False at padding, for a layer that takes such a mask.

        Padding on the right needs no mask: no layer looks ahead, and ``token_loss`` leaves it
        out. Raises ValueError for a mask that the layer has no use for.
        """
        check_tokens("x", x, ("batch", "time"), self.embedding)
        if real is None:
            y, state = self.layer(self.embedding(x), state)
        elif isinstance(self.layer, CausalDecoder):
            y, state = self.layer(self.embedding(x), state, real)
        else:
            raise ValueError(
                f"real must be None: a {type(self.layer).__name__} reads every token it is "
                "given; pad on the right and leave padding out of the loss"
            )
        return self.head(y), state

    def loss(
        self,
        tokens: Int[Tensor, "batch time"],
        real: Bool[Tensor, "batch time"] | None = None,
        state: State | None = None,
    ) -> Float[Tensor, ""]:
        """Return how badly each token is foretold by those before it, in nats per token.

        tokens[:, :-1] are read, tokens[:, 1:] are the targets. Where ``real`` is False a token
        is padding: it is not counted as a target, and not attended to by a layer that takes
        masks. A real token behind padding is counted only if a real one came before it.
        """
        check_tokens("tokens", tokens, ("batch", "time"), self.embedding)
        if tokens.shape[1] < 2:
            raise ValueError(f"tokens must be at least 2 a row, got {tuple(tokens.shape)}")
        read, targets = tokens[:, :-1], tokens[:, 1:]
        if real is None:
            return token_loss(self(read, state)[0], targets)
        check_state("real", real, tuple(tokens.shape))
        takes_masks = isinstance(self.layer, CausalDecoder)
        logits, _ = self(read, state, real[:, :-1] if takes_masks else None)
        foretold = real[:, 1:] & (real[:, :-1].cumsum(dim=1) > 0)
        return token_loss(logits, targets, foretold)


def check_tokens(name: str, x: Tensor, axes: tuple[str, ...], embedding: nn.Embedding) -> None:
    """Raise unless ``x`` holds integers below the vocabulary's size, along ``axes``."""
    if x.is_floating_point() or x.is_complex() or x.dtype == torch.bool:
        raise TypeError(f"{name} must hold tokens, as integers, got {x.dtype}")
    if x.ndim != len(axes) or 0 in x.shape[1:]:
        wanted = f"({', '.join(axes)})"
        raise ValueError(f"{name} must have shape {wanted}, time at least 1, got {tuple(x.shape)}")
    if x.device != embedding.weight.device:
        raise ValueError(
            f"{name} must be on {embedding.weight.device} as the layer is, got {x.device}"
        )
    low, high = (int(x.min()), int(x.max())) if x.numel() else (0, 0)
    if low < 0 or high >= embedding.num_embeddings:
        raise ValueError(
            f"{name} must hold tokens in 0 .. {embedding.num_embeddings - 1}, got {low} .. {high}"
        )
