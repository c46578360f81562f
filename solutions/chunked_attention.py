"""Exact attention whose memory grows with the length, not with its square.

Letters of the equations and names in the code: q, k, v = ``query``, ``key``, ``value``;
s = ``scores``; P = ``weights``; m, n, y as in ``chunked_attention``.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.autograd.function import once_differentiable


class _Blocks(NamedTuple):
    """How a pair of sequences is cut, and which pairs of tokens may meet."""

    key_mask: Tensor | None
    causal: bool
    size: int

    def keys_for(self, first: int, queries: int, keys: int) -> range:
        """Return where the key blocks start that the query block at ``first`` can see."""
        last = first + self.size + keys - queries if self.causal else keys
        return range(0, max(0, min(last, keys)), self.size)

    def scores(self, query: Tensor, key: Tensor, i: int, j: int, shift: int) -> Tensor:
        """Return scores of a query block from i against a key block from j, -inf if masked."""
        scores = query @ key.transpose(-2, -1)
        rows, columns = scores.shape[-2:]
        if self.causal and j + columns - 1 > i + shift:
            late = torch.ones(rows, columns, dtype=torch.bool, device=scores.device)
            scores.masked_fill_(late.triu(i + shift - j + 1), -math.inf)
        if self.key_mask is not None:
            scores.masked_fill_(~self.key_mask[..., None, j : j + columns], -math.inf)
        return scores


class _ChunkedAttention(torch.autograd.Function):
    """Attention block by block; the backward pass recomputes every block's weights."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, blocks: _Blocks) -> Tensor:
        size, queries, keys = blocks.size, query.shape[-2], key.shape[-2]
        scale = 1 / math.sqrt(query.shape[-1])
        output = query.new_zeros(*query.shape[:-1], value.shape[-1])
        log_sum = query.new_zeros(*query.shape[:-1], 1)
        for i in range(0, queries, size):
            q = query[..., i : i + size, :] * scale
            # m: largest score so far; n: sum of exp(s - m); y: sum of exp(s - m) v
            m = torch.full_like(q[..., :1], -math.inf)
            n = torch.zeros_like(m)
            y = torch.zeros_like(output[..., i : i + size, :])
            for j in blocks.keys_for(i, queries, keys):
                scores = blocks.scores(q, key[..., j : j + size, :], i, j, keys - queries)
                new_m = torch.maximum(m, scores.amax(dim=-1, keepdim=True))
                # Nothing allowed so far: any finite m will do, exp(-inf - m) is zero.
                finite_m = new_m.masked_fill(new_m == -math.inf, 0.0)
                weights = scores.sub_(finite_m).exp_()
                rescale = torch.exp(m - finite_m)
                n = n * rescale + weights.sum(dim=-1, keepdim=True)
                y = y * rescale + weights @ value[..., j : j + size, :]
                m = new_m
            empty = n == 0
            n = n.masked_fill(empty, 1.0)
            output[..., i : i + size, :] = y / n
            log_sum[..., i : i + size, :] = m.masked_fill(empty, 0.0) + n.log()
        ctx.save_for_backward(query, key, value, output, log_sum)
        ctx.blocks = blocks
        return output

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        query, key, value, output, log_sum = ctx.saved_tensors
        blocks: _Blocks = ctx.blocks
        size, queries, keys = blocks.size, query.shape[-2], key.shape[-2]
        scale = 1 / math.sqrt(query.shape[-1])
        grad_query, grad_key, grad_value = map(torch.zeros_like, (query, key, value))
        # sum_j P(i, j) dP(i, j), which the softmax's Jacobian subtracts, is y(i) . dy(i).
        inner = (output * grad).sum(dim=-1, keepdim=True)
        for i in range(0, queries, size):
            rows = slice(i, i + size)
            q, grad_y = query[..., rows, :] * scale, grad[..., rows, :]
            for j in blocks.keys_for(i, queries, keys):
                columns = slice(j, j + size)
                k, v = key[..., columns, :], value[..., columns, :]
                scores = blocks.scores(q, k, i, j, keys - queries)
                weights = scores.sub_(log_sum[..., rows, :]).exp_()
                grad_value[..., columns, :] += weights.transpose(-2, -1) @ grad_y
                grad_weights = grad_y @ v.transpose(-2, -1)
                grad_scores = grad_weights.sub_(inner[..., rows, :]).mul_(weights)
                grad_query[..., rows, :] += grad_scores @ k
                grad_key[..., columns, :] += grad_scores.transpose(-2, -1) @ q
        return grad_query.mul_(scale), grad_key, grad_value, None


def chunked_attention(
    query: Float[Tensor, "*#batch query dim"],
    key: Float[Tensor, "*#batch key dim"],
    value: Float[Tensor, "*#batch key value"],
    key_mask: Bool[Tensor, "*#batch key"] | None = None,
    causal: bool = False,
    chunk_size: int = 256,
) -> Float[Tensor, "*batch query value"]:
    """Exact attention in memory linear in length, for training too.

    Works through blocks of ``chunk_size`` queries and keys and never holds more than one
    block of scores. For one query, with m the largest score so far, n the sum of exp(s - m)
    and y the sum of exp(s - m) v, a new block of scores s(j) gives the online softmax

        m' = max(m, max_j s(j))                n' = exp(m - m') n + sum_j exp(s(j) - m')
        y' = exp(m - m') y + sum_j exp(s(j) - m') v(j),      result y / n

    Only m + log n is kept for the backward pass. With P = exp(s - (m + log n)) computed
    again for each block, and dy the gradient of the output,

        dv = P^T dy,   dP = dy v^T,   ds = P * (dP - (y . dy)),   dq = ds k,   dk = ds^T q

    (with 1 / sqrt(d) at its place). ``key_mask`` says which keys may be attended to at all;
    ``causal`` is ``causal_mask`` and skips the blocks that it forbids. The result cannot be
    differentiated twice. Raises ValueError for a ``chunk_size`` below 1 or a mask that does
    not fit. Source: Milakov & Gimelshein 2018, algorithm 3; Rabe & Staats 2021; Dao et al.
    2022, algorithms 1 and 4.
    """
    if chunk_size < 1:
        raise ValueError(f"chunk_size must be at least 1, got {chunk_size}")
    batch = torch.broadcast_shapes(query.shape[:-2], key.shape[:-2], value.shape[:-2])
    if key_mask is not None:
        wanted = (*batch, key.shape[-2])
        if key_mask.dtype != torch.bool or not broadcasts_to(key_mask.shape, wanted):
            raise ValueError(
                f"key_mask must be boolean and broadcast to {wanted}, "
                f"got {key_mask.dtype} of {tuple(key_mask.shape)}"
            )
    # expand, not inside the Function: autograd then sums the gradients of shared heads.
    query, key, value = (t.expand(*batch, *t.shape[-2:]) for t in (query, key, value))
    result: Tensor = _ChunkedAttention.apply(
        query, key, value, _Blocks(key_mask, causal, chunk_size)
    )
    return result


def broadcasts_to(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Say whether a tensor of ``shape`` expands to ``wanted``."""
    padded = (1,) * (len(wanted) - len(shape)) + tuple(shape)
    return len(padded) == len(wanted) and all(
        size in (1, full) for size, full in zip(padded, wanted, strict=True)
    )
