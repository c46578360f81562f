"""The transformer: attention mixes tokens, a feed-forward net works on each, sums carry on.

Every block comes in two arrangements, with A a sublayer and LN layer normalisation:

    norm = "post"   x <- LN(x + A(x))     Vaswani et al. 2017: the way around is normalised too
    norm = "pre"    x <- x + A(LN(x))     Xiong et al. 2020: a clear path down the whole stack

A stack of pre-norm blocks ends with one more LN. ``mask`` is boolean, True = may attend.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, cast

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from solutions.attention import KeyValueCache, MultiHeadAttention, check_padding_mask
from solutions.layer import SequenceLayer, check_sequence, check_token
from solutions.positions import ALiBi, Learned, Rotary, Sinusoidal


@dataclass(frozen=True)
class TransformerConfig:
    """The sizes and choices of a transformer.

    ``feed_size`` is the width inside the feed-forward net, 4 d_model unless given.
    ``positions`` are added to the tokens ("sinusoidal", "learned": below ``max_length``), or
    work within self-attention ("rotary", "alibi"). ``num_kv_heads`` below ``num_heads`` makes
    grouped-query attention, ``chunk_size`` makes self-attention linear in memory.
    ``dropout`` is the probability of dropping an entry of a sublayer's output in training.
    Raises ValueError for values that do not go together.
    """

    d_model: int
    num_heads: int
    num_layers: int = 2
    feed_size: int | None = None
    positions: Literal["none", "sinusoidal", "learned", "rotary", "alibi"] = "sinusoidal"
    max_length: int | None = None
    norm: Literal["pre", "post"] = "pre"
    activation: Literal["relu", "gelu"] = "relu"
    num_kv_heads: int | None = None
    chunk_size: int | None = None
    dropout: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what no block could be built from."""
        if self.num_layers < 1:
            raise ValueError(f"num_layers must be at least 1, got {self.num_layers}")
        if self.feed_size is not None and self.feed_size < 1:
            raise ValueError(f"feed_size must be at least 1, got {self.feed_size}")
        choices = {
            "positions": ("none", "sinusoidal", "learned", "rotary", "alibi"),
            "norm": ("pre", "post"),
            "activation": ("relu", "gelu"),
        }
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be one of {allowed}, got {getattr(self, name)!r}")
        if (self.positions == "learned") != (self.max_length is not None):
            raise ValueError(
                "max_length must be given for learned positions and for no others, "
                f"got {self.max_length} for positions {self.positions!r}"
            )

    def self_attention(self) -> MultiHeadAttention:
        """Return a new self-attention layer, with the positions that work inside it."""
        return MultiHeadAttention(
            self.d_model,
            self.num_heads,
            self.num_kv_heads,
            rotate=Rotary(self.d_model // self.num_heads) if self.positions == "rotary" else None,
            position_bias=ALiBi(self.num_heads) if self.positions == "alibi" else None,
            chunk_size=self.chunk_size,
        )

    def cross_attention(self) -> MultiHeadAttention:
        """Return a new layer to attend to another sequence: it has no positions in common."""
        return MultiHeadAttention(self.d_model, self.num_heads, self.num_kv_heads)

    def feed_forward(self) -> nn.Sequential:
        """Return a new feed-forward net: y = W_2 f(W_1 x + b_1) + b_2, for each token alone."""
        feed_size = 4 * self.d_model if self.feed_size is None else self.feed_size
        return nn.Sequential(
            nn.Linear(self.d_model, feed_size),
            nn.ReLU() if self.activation == "relu" else nn.GELU(),
            nn.Linear(feed_size, self.d_model),
        )

    def added_positions(self) -> Sinusoidal | Learned | None:
        """Return a new module that adds positions to the tokens, if these are of that kind."""
        if self.positions == "sinusoidal":
            return Sinusoidal(self.d_model)
        if self.max_length is not None:
            return Learned(self.max_length, self.d_model)
        return None

    def last_norm(self) -> nn.Module:
        """Return what ends a stack: one more LN after pre-norm blocks, else nothing."""
        return nn.LayerNorm(self.d_model) if self.norm == "pre" else nn.Identity()


class EncoderBlock(nn.Module):
    """Every token attends to every token, then passes through the feed-forward net.

    x, y: (batch, time, d_model). Not a sequence layer: its outputs need the future.
    Source: Vaswani et al. 2017, section 3.1; Xiong et al. 2020, figure 1.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.norm = config.norm
        self.attention, self.feed_forward = config.self_attention(), config.feed_forward()
        self.norm1, self.norm2 = nn.LayerNorm(config.d_model), nn.LayerNorm(config.d_model)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self, x: Float[Tensor, "batch time dim"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time dim"]:
        """Return the new tokens; ``mask`` is False where a token is padding."""
        ### BEGIN SOLUTION
        keys_allowed = None if mask is None else mask[:, None, None, :]
        if self.norm == "pre":
            a = self.norm1(x)
            x = x + self.dropout(self.attention.attend(a, self.attention.read(a), keys_allowed))
            x = x + self.dropout(self.feed_forward(self.norm2(x)))
        else:
            y = self.attention.attend(x, self.attention.read(x), keys_allowed)
            x = self.norm1(x + self.dropout(y))
            x = self.norm2(x + self.dropout(self.feed_forward(x)))
        return x
        ### END SOLUTION


class DecoderBlock(SequenceLayer[KeyValueCache]):
    """Every token attends to itself and its past, then passes through the feed-forward net.

    x, y: (batch, time, d_model); the state is the cache of its attention, which grows.
    Source: Vaswani et al. 2017, section 3.1, without attention to an encoder.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.norm = config.norm
        self.attention, self.feed_forward = config.self_attention(), config.feed_forward()
        self.norm1, self.norm2 = nn.LayerNorm(config.d_model), nn.LayerNorm(config.d_model)
        self.dropout = nn.Dropout(config.dropout)

    def initial_state(self, batch: int) -> KeyValueCache:
        """Return the cache of no tokens."""
        return self.attention.initial_state(batch)

    def step(
        self, x: Float[Tensor, "batch dim"], state: KeyValueCache
    ) -> tuple[Float[Tensor, "batch dim"], KeyValueCache]:
        """Read one token."""
        check_token("x", x, self.attention.d_model, like=self.norm1.weight)
        y, state = self.forward(x.unsqueeze(1), state)
        return y.squeeze(1), state

    def forward(
        self, x: Float[Tensor, "batch time dim"], state: KeyValueCache | None = None
    ) -> tuple[Float[Tensor, "batch time dim"], KeyValueCache]:
        """Read a whole sequence; ``state`` carries on from an earlier chunk."""
        check_sequence("x", x, self.attention.d_model, like=self.norm1.weight)
        ### BEGIN SOLUTION
        if self.norm == "pre":
            y, state = self.attention(self.norm1(x), state)
            x = x + self.dropout(y)
            x = x + self.dropout(self.feed_forward(self.norm2(x)))
        else:
            y, state = self.attention(x, state)
            x = self.norm1(x + self.dropout(y))
            x = self.norm2(x + self.dropout(self.feed_forward(x)))
        return x, state
        ### END SOLUTION


class Encoder(nn.Module):
    """A stack of encoder blocks: reads a whole sequence, in both directions at once.

    x, y: (batch, time, d_model). With a mask, the outputs at the tokens that it allows are
    those of the sequence without its padding; the outputs at padding mean nothing.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.d_model = config.d_model
        self.positions = config.added_positions()
        blocks = nn.ModuleList(EncoderBlock(config) for _ in range(config.num_layers))
        self.blocks = cast(Sequence[EncoderBlock], blocks)
        self.last_norm = config.last_norm()

    def forward(
        self, x: Float[Tensor, "batch time dim"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time dim"]:
        """Return one vector per token; ``mask`` is False where a token is padding."""
        check_sequence("x", x, self.d_model, like=next(self.parameters()))
        check_padding_mask("mask", mask, x)
        x = x if self.positions is None else self.positions(x)
        for block in self.blocks:
            x = block(x, mask)
        y: Tensor = self.last_norm(x)
        return y


class DecoderState(NamedTuple):
    """The caches of all blocks, stacked: keys and values of every token read. It grows."""

    keys: Float[Tensor, "batch layers kv_heads time head_dim"]
    values: Float[Tensor, "batch layers kv_heads time head_dim"]


class Decoder(SequenceLayer[DecoderState]):
    """A stack of decoder blocks: the language model's transformer, as a sequence layer.

    x, y: (batch, time, d_model). The number of tokens in the cache is the position of the
    next one, so that a stream is read exactly as a whole sequence would be.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.d_model = config.d_model
        self.positions = config.added_positions()
        blocks = nn.ModuleList(DecoderBlock(config) for _ in range(config.num_layers))
        self.blocks = cast(Sequence[DecoderBlock], blocks)
        self.last_norm = config.last_norm()

    def initial_state(self, batch: int) -> DecoderState:
        """Return caches of no tokens, in the dtype and on the device of the weights."""
        return stack_caches([block.initial_state(batch) for block in self.blocks])

    def step(
        self, x: Float[Tensor, "batch dim"], state: DecoderState
    ) -> tuple[Float[Tensor, "batch dim"], DecoderState]:
        """Read one token; its cost grows with the number of tokens read before."""
        check_token("x", x, self.d_model, like=next(self.parameters()))
        y, state = self.forward(x.unsqueeze(1), state)
        return y.squeeze(1), state

    def forward(
        self, x: Float[Tensor, "batch time dim"], state: DecoderState | None = None
    ) -> tuple[Float[Tensor, "batch time dim"], DecoderState]:
        """Read a whole sequence; ``state`` carries on from an earlier chunk."""
        check_sequence("x", x, self.d_model, like=next(self.parameters()))
        state = self.initial_state(x.shape[0]) if state is None else state
        caches = unstack_caches("state", state.keys, state.values, len(self.blocks))
        ### BEGIN SOLUTION
        if self.positions is not None:
            x = self.positions(x, offset=state.keys.shape[3])
        new = []
        for block, cache in zip(self.blocks, caches, strict=True):
            x, cache = block(x, cache)
            new.append(cache)
        return self.last_norm(x), stack_caches(new)
        ### END SOLUTION


def stack_caches(caches: list[KeyValueCache]) -> DecoderState:
    """Return the blocks' caches as one state: (batch, layers, kv_heads, time, head_dim)."""
    return DecoderState(
        torch.stack([cache.keys for cache in caches], dim=1),
        torch.stack([cache.values for cache in caches], dim=1),
    )


def unstack_caches(name: str, keys: Tensor, values: Tensor, layers: int) -> list[KeyValueCache]:
    """Return one cache per block; raise ValueError for another number of axes or of blocks."""
    for part, tensor in (("keys", keys), ("values", values)):
        if tensor.ndim != 5 or tensor.shape[1] != layers:
            raise ValueError(
                f"{name}.{part} must have shape (batch, {layers}, kv_heads, time, head_dim), "
                f"got {tuple(tensor.shape)}"
            )
    return [KeyValueCache(k, v) for k, v in zip(keys.unbind(1), values.unbind(1), strict=True)]
