"""Self-attention as people build it today: groups share keys and values, positions are turned.

Letters of the equations and names in the code: q, k, v = ``query``, ``key``, ``value``;
s = ``scores``; d = size of a head; g = the group that head h belongs to, h // (heads per
group). ``allowed`` is boolean, True = may attend.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from solutions.attention import KeyValueCache
from solutions.layer import check_features, check_state
from solutions.rotating import rotate


def grouped_attention(
    query: Float[Tensor, "batch heads query dim"],
    key: Float[Tensor, "batch groups key dim"],
    value: Float[Tensor, "batch groups key value"],
    allowed: Bool[Tensor, "batch query key"],
) -> Float[Tensor, "batch heads query value"]:
    """Scaled dot-product attention of several heads, in groups that share keys and values.

    s_h(i, j) = q_h(i) . k_g(j) / sqrt(d),   y_h(i) = sum_j softmax_j(s_h(i, j)) v_g(j)

    The softmax runs over the keys that query i may attend to, the same for all heads; a query
    that may attend to none gets zeros. As many groups as heads is ordinary attention. Keys and
    values need not be copied for the heads of a group. Raises ValueError for heads that the
    groups do not divide and a mask of another shape, TypeError for one that is not boolean.
    Source: Vaswani et al. 2017, eq. (1); Ainslie et al. 2023, section 2.2.
    """
    (batch, heads, queries, dim), (groups, keys) = query.shape, key.shape[1:3]
    if heads % groups:
        raise ValueError(f"key must have groups that divide {heads} heads, got {groups}")
    check_allowed("allowed", allowed, (batch, queries, keys))
    ### BEGIN SOLUTION
    grouped = query.reshape(batch, groups, heads // groups, queries, dim)
    scores = torch.einsum("bghid,bgjd->bghij", grouped, key) / math.sqrt(dim)
    seen = allowed[:, None, None]
    # A query that sees nothing keeps its scores, so that its softmax is no NaN, and loses them.
    blind = ~seen.any(dim=-1, keepdim=True)
    weights = torch.softmax(scores.masked_fill(~(seen | blind), -math.inf), dim=-1)
    mixed = torch.einsum("bghij,bgjd->bghid", weights.masked_fill(blind, 0.0), value)
    return mixed.flatten(1, 2)
    ### END SOLUTION


def visible(
    before: Bool[Tensor, "batch past"], real: Bool[Tensor, "batch time"]
) -> Bool[Tensor, "batch time past_and_time"]:
    """Return which tokens each new token may attend to: real ones, up to itself.

    ``before`` says which cached tokens are real, ``real`` which of the new ones.
    """
    ### BEGIN SOLUTION
    past, time = before.shape[1], real.shape[1]
    j = torch.arange(past + time, device=real.device)
    no_later = j <= j[past:].unsqueeze(1)  # (time, past + time)
    return no_later & torch.cat([before, real], dim=1).unsqueeze(1)
    ### END SOLUTION


class GroupedAttention(nn.Module):
    """Self-attention by several heads, with rotary positions and without biases.

    q_h = R(p) W_q,h x,   k_g = R(p) W_k,g x,   v_g = W_v,g x
    y = W_o [y_0; y_1; ...],   y_h = grouped_attention of q_h over all k_g, v_g

    R(p) is ``rotate`` at the token's position p. x, y: (batch, time, d_model); a cache holds
    keys, turned, and values, (batch, num_kv_heads, time, head_dim). Rows of a weight lie head
    after head. Raises ValueError for sizes that do not divide or heads of an odd size.
    Source: Vaswani et al. 2017, section 3.2.2; Su et al. 2021; Ainslie et al. 2023.
    """

    def __init__(
        self,
        d_model: int,
        num_heads: int,
        num_kv_heads: int | None = None,
        base: float = 10_000.0,
    ) -> None:
        super().__init__()
        num_kv_heads = num_heads if num_kv_heads is None else num_kv_heads
        check_heads(d_model, num_heads, num_kv_heads)
        self.d_model, self.num_heads, self.num_kv_heads = d_model, num_heads, num_kv_heads
        self.head_dim, self.base = d_model // num_heads, base
        self.query = nn.Linear(d_model, d_model, bias=False)
        self.key = nn.Linear(d_model, num_kv_heads * self.head_dim, bias=False)
        self.value = nn.Linear(d_model, num_kv_heads * self.head_dim, bias=False)
        self.output = nn.Linear(d_model, d_model, bias=False)

    def read(
        self, x: Float[Tensor, "batch time dim"], positions: Int[Tensor, "batch time"]
    ) -> KeyValueCache:
        """Return the keys, turned to their positions, and the values of some tokens."""
        check_features("x", x, self.d_model, like=self.key.weight)
        ### BEGIN SOLUTION
        shape = (self.num_kv_heads, self.head_dim)
        keys = self.key(x).unflatten(-1, shape).transpose(1, 2)
        values = self.value(x).unflatten(-1, shape).transpose(1, 2)
        return KeyValueCache(rotate(keys, positions, self.base), values)
        ### END SOLUTION

    def attend(
        self,
        x: Float[Tensor, "batch time dim"],
        positions: Int[Tensor, "batch time"],
        cache: KeyValueCache,
        allowed: Bool[Tensor, "batch time key"],
    ) -> Float[Tensor, "batch time dim"]:
        """Let some tokens attend to those that ``cache`` was read from, where ``allowed``."""
        check_features("x", x, self.d_model, like=self.query.weight)
        ### BEGIN SOLUTION
        heads = self.query(x).unflatten(-1, (self.num_heads, self.head_dim)).transpose(1, 2)
        query = rotate(heads, positions, self.base)
        mixed = grouped_attention(query, cache.keys, cache.values, allowed)
        y: Tensor = self.output(mixed.transpose(1, 2).flatten(-2))
        return y
        ### END SOLUTION


def check_heads(d_model: int, num_heads: int, num_kv_heads: int) -> None:
    """Raise ValueError unless the sizes divide, and a head can be cut into pairs."""
    if min(d_model, num_heads, num_kv_heads) < 1 or d_model % (2 * num_heads):
        raise ValueError(
            "d_model must be a multiple of 2 num_heads, so that a head can be cut into pairs, "
            f"got d_model {d_model}, num_heads {num_heads}, num_kv_heads {num_kv_heads}"
        )
    if num_heads % num_kv_heads:
        raise ValueError(f"num_kv_heads must divide {num_heads} heads, got {num_kv_heads}")


def check_allowed(name: str, mask: Tensor, shape: tuple[int, ...]) -> None:
    """Raise unless ``mask`` is boolean and has exactly ``shape``."""
    if mask.dtype != torch.bool:
        raise TypeError(f"{name} must be torch.bool, True = may attend, got {mask.dtype}")
    check_state(name, mask, shape)
