"""Attention: every token looks at all the tokens before it, and the state is all of them.

Letters of the equations and names in the code: q, k, v = ``query``, ``key``, ``value``;
s = ``scores``; d = size of a head. ``mask`` is boolean, True = may attend, or a float tensor
that is added to the scores (-inf = may not attend). A query that may attend to nothing at all
gets weights of zero and an output of zero, and passes no gradient on.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from solutions.chunked_attention import broadcasts_to, chunked_attention
from solutions.layer import SequenceLayer, check_sequence, check_state, check_token

Mask = Bool[Tensor, "..."] | Float[Tensor, "..."]


def masked_softmax(scores: Float[Tensor, "..."], mask: Mask | None = None) -> Float[Tensor, "..."]:
    """Turn scores into weights over the last axis, zero where ``mask`` forbids.

    alpha(j) = exp(score(j)) / sum_k exp(score(k)),   j and k among those that may be attended to

    A row without any such entry comes out as zeros. ``mask`` broadcasts to the scores' shape;
    a float mask is added to the scores first. Raises ValueError for a mask of another shape,
    TypeError for one that is neither boolean nor of the scores' dtype.
    """
    check_mask("mask", mask, scores)
    ### BEGIN SOLUTION
    if mask is None:
        return torch.softmax(scores, dim=-1)
    if mask.dtype == torch.bool:
        allowed = mask
    else:
        allowed = mask > -math.inf
        scores = scores + mask
    # The lowest finite number instead of -inf: softmax of a row of -inf would be NaN.
    scores = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min)
    return torch.softmax(scores, dim=-1).masked_fill(~allowed, 0.0)
    ### END SOLUTION


def dot_product_attention(
    query: Float[Tensor, "*#batch query dim"],
    key: Float[Tensor, "*#batch key dim"],
    value: Float[Tensor, "*#batch key value"],
    mask: Mask | None = None,
) -> Float[Tensor, "*batch query value"]:
    """Scaled dot-product attention: mix the values by how well each key fits the query.

    s(i, j) = q(i) . k(j) / sqrt(d),   y(i) = sum_j softmax_j(s(i, j)) v(j)

    Stores all query x key scores. Leading axes (batch, heads) broadcast, and so does ``mask``,
    to (..., query, key). Errors are those of ``masked_softmax``. Source: Vaswani et al. 2017,
    eq. (1).
    """
    ### BEGIN SOLUTION
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    return masked_softmax(scores, mask) @ value
    ### END SOLUTION


def causal_mask(
    query_length: int, key_length: int, device: torch.device | None = None
) -> Bool[Tensor, "query key"]:
    """Return the mask that lets a query see its own token and the past: True where j <= i.

    The queries are the last ``query_length`` of the ``key_length`` tokens, so that the mask
    also fits a chunk that follows cached keys.
    """
    allowed = torch.ones(query_length, key_length, dtype=torch.bool, device=device)
    return allowed.tril(key_length - query_length)


def combine_masks(first: Mask, second: Mask | None) -> Mask:
    """Return the mask that forbids what either forbids and adds what both add."""
    if second is None:
        return first
    if first.dtype == torch.bool and second.dtype == torch.bool:
        return first & second
    if first.dtype == torch.bool:
        return second.masked_fill(~first, -math.inf)
    if second.dtype == torch.bool:
        return first.masked_fill(~second, -math.inf)
    return first + second


def check_mask(name: str, mask: Tensor | None, scores: Tensor) -> None:
    """Raise unless ``mask`` is boolean or of the scores' dtype and broadcasts to their shape."""
    if mask is None:
        return
    if mask.dtype not in (torch.bool, scores.dtype):
        raise TypeError(f"{name} must be torch.bool or {scores.dtype}, got {mask.dtype}")
    if not broadcasts_to(mask.shape, scores.shape):
        raise ValueError(f"{name} must broadcast to {tuple(scores.shape)}, got {tuple(mask.shape)}")


def check_padding_mask(name: str, mask: Tensor | None, x: Tensor) -> None:
    """Raise unless ``mask`` is None, or boolean with one entry per token of ``x``."""
    if mask is None:
        return
    if mask.dtype != torch.bool:
        raise TypeError(f"{name} must be torch.bool, True = may attend, got {mask.dtype}")
    check_state(name, mask, tuple(x.shape[:2]))


class KeyValueCache(NamedTuple):
    """All that attention remembers: a key and a value for each token read. It grows."""

    keys: Float[Tensor, "batch kv_heads time head_dim"]
    values: Float[Tensor, "batch kv_heads time head_dim"]


class MultiHeadAttention(SequenceLayer[KeyValueCache]):
    """Attention by several heads side by side, each with its own view of the tokens.

    q_h = W_q,h x,  k_g = W_k,g x,  v_g = W_v,g x,   g = the group that head h belongs to
    head_h = softmax(q_h k_g^T / sqrt(head_dim)) v_g,   y = W_o [head_1; head_2; ...]

    As a sequence layer it is causal self-attention, x and y: (batch, time, d_model), and its
    state is the cache of keys and values, (batch, num_kv_heads, time so far, head_dim) each.
    For an encoder, or to attend to another sequence, use ``attend(x, read(memory), mask)``.

    ``num_kv_heads`` below ``num_heads`` shares keys and values between heads: 1 is
    multi-query, anything between is grouped-query attention. ``rotate(x, offset)`` is applied
    to queries and keys at their positions, ``position_bias(query, key_length)`` is added to
    the scores (see positions.py). ``chunk_size`` switches to ``chunked_attention``.
    Raises ValueError for sizes that do not divide, and for inputs or a state that do not fit.
    Source: Vaswani et al. 2017, section 3.2.2; Shazeer 2019; Ainslie et al. 2023.
    """

    def __init__(
        self,
        d_model: int,
        num_heads: int,
        num_kv_heads: int | None = None,
        bias: bool = True,
        rotate: Callable[[Tensor, int], Tensor] | None = None,
        position_bias: Callable[[Tensor, int], Tensor] | None = None,
        chunk_size: int | None = None,
    ) -> None:
        super().__init__()
        num_kv_heads = num_heads if num_kv_heads is None else num_kv_heads
        if min(d_model, num_heads, num_kv_heads) < 1:
            raise ValueError(
                "d_model, num_heads and num_kv_heads must be at least 1, "
                f"got {d_model}, {num_heads} and {num_kv_heads}"
            )
        if d_model % num_heads or num_heads % num_kv_heads:
            raise ValueError(
                "num_heads must divide d_model and num_kv_heads must divide num_heads, "
                f"got d_model {d_model}, num_heads {num_heads}, num_kv_heads {num_kv_heads}"
            )
        if chunk_size is not None and position_bias is not None:
            raise ValueError("chunk_size must be None with a position_bias: it needs all scores")
        self.d_model, self.num_heads, self.num_kv_heads = d_model, num_heads, num_kv_heads
        self.head_dim = d_model // num_heads
        self.rotate, self.position_bias, self.chunk_size = rotate, position_bias, chunk_size
        kv_size = num_kv_heads * self.head_dim
        self.query = nn.Linear(d_model, d_model, bias=bias)
        self.key = nn.Linear(d_model, kv_size, bias=bias)
        self.value = nn.Linear(d_model, kv_size, bias=bias)
        self.output = nn.Linear(d_model, d_model, bias=bias)

    def read(self, memory: Float[Tensor, "batch time dim"], offset: int = 0) -> KeyValueCache:
        """Return the keys and values of tokens whose first one is at position ``offset``."""
        check_sequence("memory", memory, self.d_model, like=self.key.weight)
        ### BEGIN SOLUTION
        # (batch, time, heads * head_dim) -> (batch, heads, time, head_dim)
        heads = (self.num_kv_heads, self.head_dim)
        keys = self.key(memory).unflatten(-1, heads).transpose(1, 2)
        values = self.value(memory).unflatten(-1, heads).transpose(1, 2)
        return KeyValueCache(keys if self.rotate is None else self.rotate(keys, offset), values)
        ### END SOLUTION

    def attend(
        self,
        x: Float[Tensor, "batch time dim"],
        cache: KeyValueCache,
        mask: Mask | None = None,
        causal: bool = False,
    ) -> Float[Tensor, "batch time dim"]:
        """Let the tokens of ``x`` attend to the tokens that ``cache`` was read from.

        ``mask`` broadcasts to (batch, heads, time, key); with ``chunk_size`` it must be
        boolean and the same for all queries: (batch, heads or 1, 1, key). ``causal`` takes
        the tokens of ``x`` for the last ones of the cache.
        """
        check_sequence("x", x, self.d_model, like=self.query.weight)
        self._check_cache("cache", cache, x.shape[0])
        if self.chunk_size is not None and mask is not None and mask.shape[-2:-1] != (1,):
            raise ValueError(
                "mask must have shape (batch, heads or 1, 1, key) with a chunk_size, "
                f"got {tuple(mask.shape)}"
            )
        ### BEGIN SOLUTION
        time, key_length = x.shape[1], cache.keys.shape[2]
        query = self.query(x).unflatten(-1, (self.num_heads, self.head_dim)).transpose(1, 2)
        if self.rotate is not None:
            query = self.rotate(query, key_length - time if causal else 0)
        # Head h of the queries looks at group h // (heads per group) of keys and values.
        per_group = self.num_heads // self.num_kv_heads
        keys = cache.keys.repeat_interleave(per_group, dim=1)
        values = cache.values.repeat_interleave(per_group, dim=1)
        if self.chunk_size is not None:
            key_mask = None if mask is None else mask.squeeze(-2)
            y = chunked_attention(query, keys, values, key_mask, causal, self.chunk_size)
        else:
            if causal:
                mask = combine_masks(causal_mask(time, key_length, x.device), mask)
            if self.position_bias is not None:
                mask = combine_masks(self.position_bias(query, key_length), mask)
            y = dot_product_attention(query, keys, values, mask)
        mixed: Tensor = self.output(y.transpose(1, 2).flatten(-2))
        return mixed
        ### END SOLUTION

    def initial_state(self, batch: int) -> KeyValueCache:
        """Return a cache of no tokens, in the dtype and on the device of the weights."""
        empty = self.key.weight.new_zeros(batch, self.num_kv_heads, 0, self.head_dim)
        return KeyValueCache(empty, empty.clone())

    def step(
        self, x: Float[Tensor, "batch dim"], state: KeyValueCache
    ) -> tuple[Float[Tensor, "batch dim"], KeyValueCache]:
        """Read one token: it attends to itself and to every token in the cache."""
        check_token("x", x, self.d_model, like=self.query.weight)
        y, state = self.forward(x.unsqueeze(1), state)
        return y.squeeze(1), state

    def forward(
        self, x: Float[Tensor, "batch time dim"], state: KeyValueCache | None = None
    ) -> tuple[Float[Tensor, "batch time dim"], KeyValueCache]:
        """Causal self-attention over a whole sequence; ``state`` holds the tokens before it."""
        check_sequence("x", x, self.d_model, like=self.query.weight)
        state = self.initial_state(x.shape[0]) if state is None else state
        self._check_cache("state", state, x.shape[0])
        ### BEGIN SOLUTION
        new = self.read(x, offset=state.keys.shape[2])
        cache = KeyValueCache(
            torch.cat([state.keys, new.keys], dim=2), torch.cat([state.values, new.values], dim=2)
        )
        return self.attend(x, cache, causal=True), cache
        ### END SOLUTION

    def _check_cache(self, name: str, cache: KeyValueCache, batch: int) -> None:
        """Raise unless the cache is one of this layer's, for ``batch`` sequences."""
        time = cache.keys.shape[2] if cache.keys.ndim == 4 else 0
        shape = (batch, self.num_kv_heads, time, self.head_dim)
        check_state(f"{name}.keys", cache.keys, shape, self.key.weight)
        check_state(f"{name}.values", cache.values, shape, self.value.weight)
