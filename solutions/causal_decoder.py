"""The transformer people run today: a causal decoder of pre-norm blocks, fit for padding.

    x <- x + attention(RMSNorm(x)),   x <- x + SwiGLU(RMSNorm(x))       a block
    y  = RMSNorm(x)                                                     after the last block

Attention is rotary and grouped (grouped_attention.py); nothing has a bias. This is the
arrangement of Touvron et al. 2023, section 2.2, with grouped heads as in Llama 2.

Sequences of unequal length share a batch by a mask ``real``, True = a token, False = padding
on either side or between. Padding is never attended to and takes no position, so outputs at
real tokens are those of the sequence alone; outputs at padding mean nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from solutions.attention import KeyValueCache
from solutions.grouped_attention import GroupedAttention, check_allowed, visible
from solutions.layer import SequenceLayer, check_sequence, check_state, check_token
from solutions.rms_norm import RMSNorm
from solutions.rotating import positions_of
from solutions.swiglu import SwiGLU


class Block(nn.Module):
    """One pre-norm block: tokens look at tokens, then each is worked on alone.

    x <- x + attention(RMSNorm(x)),   x <- x + SwiGLU(RMSNorm(x))

    Source: Touvron et al. 2023, section 2.2; pre-norm: Xiong et al. 2020, figure 1.
    """

    def __init__(
        self,
        d_model: int,
        num_heads: int,
        num_kv_heads: int | None = None,
        feed_size: int | None = None,
        base: float = 10_000.0,
    ) -> None:
        super().__init__()
        self.attention = GroupedAttention(d_model, num_heads, num_kv_heads, base)
        self.feed_forward = SwiGLU(d_model, feed_size)
        self.norm1, self.norm2 = RMSNorm(d_model), RMSNorm(d_model)

    def forward(
        self,
        x: Float[Tensor, "batch time dim"],
        positions: Int[Tensor, "batch time"],
        past: KeyValueCache,
        allowed: Bool[Tensor, "batch time past_and_time"],
    ) -> tuple[Float[Tensor, "batch time dim"], KeyValueCache]:
        """Return the new tokens, and the cache with their keys and values behind ``past``."""
        ### BEGIN SOLUTION
        a = self.norm1(x)
        new = self.attention.read(a, positions)
        keys = torch.cat([past.keys, new.keys], dim=2)
        cache = KeyValueCache(keys, torch.cat([past.values, new.values], dim=2))
        x = x + self.attention.attend(a, positions, cache, allowed)
        x = x + self.feed_forward(self.norm2(x))
        return x, cache
        ### END SOLUTION


class DecoderCache(NamedTuple):
    """Keys and values of every token read, by block, and which tokens were real. It grows."""

    keys: Float[Tensor, "batch layers kv_heads time head_dim"]
    values: Float[Tensor, "batch layers kv_heads time head_dim"]
    real: Bool[Tensor, "batch time"]


class CausalDecoder(SequenceLayer[DecoderCache]):
    """A stack of pre-norm blocks that reads from left to right: a sequence layer.

    x, y: (batch, time, d_model). The number of real tokens of a row is the position of its
    next one, so that a stream is read exactly as a whole sequence would be. ``real`` (batch,
    time), or (batch) for ``step``, is False at padding; without it all tokens are real. Raises
    ValueError or TypeError that names the argument which does not fit.
    Source: Touvron et al. 2023, section 2.2; the cache: Shazeer 2019, section 2.3.
    """

    def __init__(
        self,
        d_model: int,
        num_heads: int,
        num_layers: int,
        num_kv_heads: int | None = None,
        feed_size: int | None = None,
        base: float = 10_000.0,
    ) -> None:
        super().__init__()
        if num_layers < 1:
            raise ValueError(f"num_layers must be at least 1, got {num_layers}")
        self.d_model = d_model
        blocks = nn.ModuleList(
            Block(d_model, num_heads, num_kv_heads, feed_size, base) for _ in range(num_layers)
        )
        self.blocks = cast(Sequence[Block], blocks)
        self.last_norm = RMSNorm(d_model)

    def initial_state(self, batch: int) -> DecoderCache:
        """Return a cache of no tokens, in the dtype and on the device of the weights."""
        ### BEGIN SOLUTION
        empty = self.last_norm.weight.new_zeros(self._shape(batch, 0))
        real = torch.ones(batch, 0, dtype=torch.bool, device=empty.device)
        return DecoderCache(empty, empty.clone(), real)
        ### END SOLUTION

    def step(
        self,
        x: Float[Tensor, "batch dim"],
        state: DecoderCache,
        real: Bool[Tensor, " batch"] | None = None,
    ) -> tuple[Float[Tensor, "batch dim"], DecoderCache]:
        """Read one token of each row; it attends to itself and to the real tokens cached."""
        check_token("x", x, self.d_model, like=self.last_norm.weight)
        ### BEGIN SOLUTION
        one = None if real is None else real.unsqueeze(1)
        y, state = self.forward(x.unsqueeze(1), state, one)
        return y.squeeze(1), state
        ### END SOLUTION

    def forward(
        self,
        x: Float[Tensor, "batch time dim"],
        state: DecoderCache | None = None,
        real: Bool[Tensor, "batch time"] | None = None,
    ) -> tuple[Float[Tensor, "batch time dim"], DecoderCache]:
        """Read a whole sequence; ``state`` carries on from an earlier chunk."""
        check_sequence("x", x, self.d_model, like=self.last_norm.weight)
        state = self.initial_state(x.shape[0]) if state is None else state
        self._check_state(state, x.shape[0])
        if real is None:
            real = torch.ones(x.shape[:2], dtype=torch.bool, device=x.device)
        check_allowed("real", real, tuple(x.shape[:2]))
        ### BEGIN SOLUTION
        positions = positions_of(real, before=state.real.sum(dim=1))
        allowed = visible(state.real, real)
        caches = []
        for layer, block in enumerate(self.blocks):
            past = KeyValueCache(state.keys[:, layer], state.values[:, layer])
            x, cache = block(x, positions, past, allowed)
            caches.append(cache)
        keys = torch.stack([cache.keys for cache in caches], dim=1)
        values = torch.stack([cache.values for cache in caches], dim=1)
        return self.last_norm(x), DecoderCache(keys, values, torch.cat([state.real, real], dim=1))
        ### END SOLUTION

    def _shape(self, batch: int, time: int) -> tuple[int, ...]:
        """Return the shape of the keys, and of the values, of ``time`` tokens."""
        attention = self.blocks[0].attention
        return (batch, len(self.blocks), attention.num_kv_heads, time, attention.head_dim)

    def _check_state(self, state: DecoderCache, batch: int) -> None:
        """Raise unless the cache is one of this layer's, for ``batch`` sequences."""
        time = state.real.shape[-1] if state.real.ndim else 0
        weight = self.last_norm.weight
        check_allowed("state.real", state.real, (batch, time))
        check_state("state.keys", state.keys, self._shape(batch, time), weight)
        check_state("state.values", state.values, self._shape(batch, time), weight)
