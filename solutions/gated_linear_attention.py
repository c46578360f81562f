"""Gated linear attention: a matrix memory whose every row fades at a rate the token chooses.

    S(t) = diag(a(t)) S(t-1) + k(t) v(t)^T,    y(t) = S(t)^T q(t)

One step more than RetNet (one fixed rate per head) and Mamba-2 (one chosen rate per head, see
linear_attention.py): here each entry of the key has its own rate a(t), chosen by the token, so
that a head can keep one thing and drop another.

Shapes: q, k, log a (batch, heads, time, key), v, y (batch, heads, time, value), S (batch,
heads, key, value).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from solutions.checking import check_form, check_kind, single
from solutions.layer import SequenceLayer, check_sequence, check_state, check_token
from solutions.linear_attention import Form


def gated_linear_attention(
    q: Float[Tensor, "batch heads time key"],
    k: Float[Tensor, "batch heads time key"],
    v: Float[Tensor, "batch heads time value"],
    log_a: Float[Tensor, "batch heads time key"],
    S: Float[Tensor, "batch heads key value"],
    form: Form = "chunked",
    chunk: int = 16,
) -> tuple[Float[Tensor, "batch heads time value"], Float[Tensor, "batch heads key value"]]:
    """Return all outputs and the last state of S(t) = diag(a(t)) S(t-1) + k(t) v(t)^T, y = S^T q.

    ``form``: "recurrent" is T serial steps, "parallel" one piece of T tokens, "chunked" pieces
    of ``chunk`` tokens; all agree. A piece holds (tokens x tokens x key) numbers, so pieces
    should be short. Raises ValueError for an unknown form or a chunk below 1.
    Source: Yang et al. 2024 (GLA), eq. (3) and section 4.
    """
    check_form(form, chunk)
    if S.dtype != single(S.dtype):  # sums over time are taken in float32
        exact = (q.float(), k.float(), v.float(), log_a.float(), S.float())
        y, last = gated_linear_attention(*exact, form, chunk)
        return y.to(S.dtype), last.to(S.dtype)
    outputs = []
    if form == "recurrent":
        parts = (part.unbind(2) for part in (q, k, v, log_a.exp()))
        for q_t, k_t, v_t, a_t in zip(*parts, strict=True):
            S = a_t.unsqueeze(-1) * S + k_t.unsqueeze(-1) * v_t.unsqueeze(-2)
            outputs.append(torch.einsum("bhkv,bhk->bhv", S, q_t))
        return torch.stack(outputs, dim=2), S
    size = q.shape[2] if form == "parallel" else chunk
    parts = (part.split(size, dim=2) for part in (q, k, v, log_a))
    for q_c, k_c, v_c, log_a_c in zip(*parts, strict=True):
        y_c, S = piece(q_c, k_c, v_c, log_a_c, S)
        outputs.append(y_c)
    return torch.cat(outputs, dim=2), S


def piece(
    q: Float[Tensor, "batch heads time key"],
    k: Float[Tensor, "batch heads time key"],
    v: Float[Tensor, "batch heads time value"],
    log_a: Float[Tensor, "batch heads time key"],
    S: Float[Tensor, "batch heads key value"],
) -> tuple[Float[Tensor, "batch heads time value"], Float[Tensor, "batch heads key value"]]:
    """All tokens of a piece at once. With A(t) = log a(1) + ... + log a(t), entry by entry,

        y(t) = sum_{s<=t} ( sum_i q_i(t) k_i(s) exp(A_i(t) - A_i(s)) ) v(s)
             + S(0)^T (exp A(t) * q(t))
        S(T) = sum_s (exp(A(T) - A(s)) * k(s)) v(s)^T  +  diag(exp A(T)) S(0)

    Splitting exp(A(t) - A(s)) into exp A(t) and exp(-A(s)) would make it one matrix product, and
    overflow where a is small; so the difference is taken first, for every pair of tokens.
    """
    A = log_a.cumsum(dim=2)
    future = torch.ones(A.shape[2], A.shape[2], dtype=torch.bool, device=A.device).triu(1)
    difference = A.unsqueeze(3) - A.unsqueeze(2)  # (batch, heads, t, s, key)
    fade = difference.masked_fill(future.unsqueeze(-1), -math.inf).exp()
    scores = torch.einsum("bhtk,bhsk,bhtsk->bhts", q, k, fade)
    from_before = (A.exp() * q) @ S
    to_the_end = (A[:, :, -1:] - A).exp() * k
    last = A[:, :, -1].exp().unsqueeze(-1) * S + to_the_end.transpose(-1, -2) @ v
    return scores @ v + from_before, last


class GLAState(NamedTuple):
    """The memory: one matrix per head."""

    S: Float[Tensor, "batch heads key value"]


class GatedLinearAttention(SequenceLayer[GLAState]):
    """A layer of matrix memories that fade row by row, as the tokens say.

    q = W_q x / sqrt(head),  k = W_k x,  v = W_v x  in heads
    log a = log sigmoid(W_2 W_1 x + b) / 16      one rate per entry of the key, W_1 of ``rank`` rows
    y = W_o ( swish(W_g x) * norm( S(t)^T q(t) ) ),   S as in ``gated_linear_attention``

    The 16 keeps rates near 1 at the start; norm is a layer norm within each head, without
    weights. The paper's keys have half the values' size; here both have d_model / num_heads.
    x, y: (batch, time, d_model). Raises ValueError or TypeError that names the argument whose
    shape, dtype or device is wrong. Source: Yang et al. 2024 (GLA), sections 4.1 and 4.4.
    """

    def __init__(
        self, d_model: int, num_heads: int, form: Form = "chunked", chunk: int = 16, rank: int = 16
    ) -> None:
        super().__init__()
        if num_heads < 1 or d_model < num_heads or d_model % num_heads:
            raise ValueError(f"d_model must be a multiple of num_heads, got {d_model}, {num_heads}")
        if rank < 1:
            raise ValueError(f"rank must be at least 1, got {rank}")
        check_form(form, chunk)
        self.d_model, self.num_heads, self.form, self.chunk = d_model, num_heads, form, chunk
        self.head = d_model // num_heads
        self.qkv = nn.Linear(d_model, 3 * d_model, bias=False)
        self.rate = nn.Sequential(nn.Linear(d_model, rank, bias=False), nn.Linear(rank, d_model))
        self.gate = nn.Linear(d_model, d_model, bias=False)
        self.out = nn.Linear(d_model, d_model, bias=False)

    def initial_state(self, batch: int) -> GLAState:
        """Return an empty memory, (batch, heads, head, head) of zeros."""
        return GLAState(self.qkv.weight.new_zeros(batch, self.num_heads, self.head, self.head))

    def step(
        self, x: Float[Tensor, "batch model"], state: GLAState
    ) -> tuple[Float[Tensor, "batch model"], GLAState]:
        """Read one token: fade each row, add to them, read."""
        check_token("x", x, self.d_model, like=self.qkv.weight)
        y, state = self._read(x.unsqueeze(1), state, "recurrent")
        return y.squeeze(1), state

    def forward(
        self, x: Float[Tensor, "batch time model"], state: GLAState | None = None
    ) -> tuple[Float[Tensor, "batch time model"], GLAState]:
        """Read a whole sequence in the layer's ``form``; ``state`` carries on."""
        check_sequence("x", x, self.d_model, like=self.qkv.weight)
        return self._read(x, self.initial_state(x.shape[0]) if state is None else state, self.form)

    def _read(self, x: Tensor, state: GLAState, form: Form) -> tuple[Tensor, GLAState]:
        check_kind(state, GLAState)
        shape = (x.shape[0], self.num_heads, self.head, self.head)
        check_state("state.S", state.S, shape, self.qkv.weight)
        heads = self.qkv(x).unflatten(-1, (3, self.num_heads, self.head))
        q, k, v = heads.permute(2, 0, 3, 1, 4)  # (batch, heads, time, head) each
        log_a = (F.logsigmoid(self.rate(x)) / 16).unflatten(-1, (self.num_heads, self.head))
        q, log_a = q / math.sqrt(self.head), log_a.transpose(1, 2)
        y, S = gated_linear_attention(q, k, v, log_a, state.S, form, self.chunk)
        y = F.layer_norm(y, (self.head,)).transpose(1, 2).flatten(2)
        return self.out(F.silu(self.gate(x)) * y), GLAState(S)
