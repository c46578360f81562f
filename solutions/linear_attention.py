"""Attention without the softmax is a recurrence: linear attention, and RetNet's retention.

Leave out the softmax and attention's sum over the past can be kept as one matrix S that
grows by an outer product per token and may fade on the way:

    S(t) = a(t) S(t-1) + k(t) v(t)^T,    y(t) = S(t)^T q(t)

Linear attention never fades (a = 1), RetNet fades at a fixed rate per head, Mamba-2 (ssd.py)
lets the input choose the rate. One equation, three ways to compute it:

    recurrent   T serial steps, a state of fixed size: for streaming
    parallel    no serial step, T x T scores, as in attention: for short sequences
    chunked     parallel inside chunks, recurrent between them: for training

Shapes: q, k (batch, heads, time, key), v, y (batch, heads, time, value), log a (batch, heads,
time), S (batch, heads, key, value).
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from solutions.checking import check_form, check_kind, single
from solutions.layer import SequenceLayer, check_sequence, check_state, check_token
from solutions.positions import frequencies

Form = Literal["recurrent", "parallel", "chunked"]


def decayed_attention(
    q: Float[Tensor, "batch heads time key"],
    k: Float[Tensor, "batch heads time key"],
    v: Float[Tensor, "batch heads time value"],
    log_a: Float[Tensor, "batch heads time"],
    S: Float[Tensor, "batch heads key value"],
    form: Form = "chunked",
    chunk: int = 64,
) -> tuple[Float[Tensor, "batch heads time value"], Float[Tensor, "batch heads key value"]]:
    """Return all outputs and the last state of S(t) = a(t) S(t-1) + k(t) v(t)^T, y = S^T q.

    ``form`` picks the way; all agree. Raises ValueError for an unknown form or a chunk below 1.
    Sources: Katharopoulos et al. 2020, eq. (16) to (20); Sun et al. 2023 (RetNet), eq. (5)
    to (7); Dao & Gu 2024 (Mamba-2), section 6.
    """
    check_form(form, chunk)
    if S.dtype != single(S.dtype):  # sums over time are taken in float32
        exact = (q.float(), k.float(), v.float(), log_a.float(), S.float())
        y, last = decayed_attention(*exact, form, chunk)
        return y.to(S.dtype), last.to(S.dtype)
    if form == "recurrent":
        return recurrent_form(q, k, v, log_a, S)
    if form == "parallel":
        return parallel_form(q, k, v, log_a, S)
    outputs = []
    split = (u.split(chunk, dim=2) for u in (q, k, v, log_a))
    for q_c, k_c, v_c, log_a_c in zip(*split, strict=True):
        y_c, S = parallel_form(q_c, k_c, v_c, log_a_c, S)
        outputs.append(y_c)
    return torch.cat(outputs, dim=2), S


def recurrent_form(
    q: Float[Tensor, "batch heads time key"],
    k: Float[Tensor, "batch heads time key"],
    v: Float[Tensor, "batch heads time value"],
    log_a: Float[Tensor, "batch heads time"],
    S: Float[Tensor, "batch heads key value"],
) -> tuple[Float[Tensor, "batch heads time value"], Float[Tensor, "batch heads key value"]]:
    """The definition, one token after another: T (key x value) operations and one state."""
    outputs = []
    for q_t, k_t, v_t, a_t in zip(
        q.unbind(2), k.unbind(2), v.unbind(2), log_a.exp().unbind(2), strict=True
    ):
        S = a_t[..., None, None] * S + k_t.unsqueeze(-1) * v_t.unsqueeze(-2)
        outputs.append(torch.einsum("bhkv,bhk->bhv", S, q_t))
    return torch.stack(outputs, dim=2), S


def parallel_form(
    q: Float[Tensor, "batch heads time key"],
    k: Float[Tensor, "batch heads time key"],
    v: Float[Tensor, "batch heads time value"],
    log_a: Float[Tensor, "batch heads time"],
    S: Float[Tensor, "batch heads key value"],
) -> tuple[Float[Tensor, "batch heads time value"], Float[Tensor, "batch heads key value"]]:
    """All tokens at once, with the sum over the past as a masked matrix of T x T scores.

    With A(t) = log a(1) + ... + log a(t), what token s wrote has faded by exp(A(t) - A(s))
    when token t reads it:

        y(t) = sum_{s<=t} exp(A(t) - A(s)) (q(t) . k(s)) v(s)  +  exp A(t) S(0)^T q(t)
        S(T) = sum_s exp(A(T) - A(s)) k(s) v(s)^T  +  exp A(T) S(0)
    """
    A = log_a.cumsum(dim=-1)
    future = torch.ones(A.shape[-1], A.shape[-1], dtype=torch.bool, device=A.device).triu(1)
    # Masked before exp: A(t) - A(s) is positive, and may overflow, for s > t.
    fade = (A.unsqueeze(-1) - A.unsqueeze(-2)).masked_fill(future, -math.inf).exp()
    within = ((q @ k.transpose(-1, -2)) * fade) @ v
    from_before = A.exp().unsqueeze(-1) * (q @ S)
    to_the_end = (A[..., -1:] - A).exp().unsqueeze(-1)
    last = A[..., -1].exp()[..., None, None] * S + (to_the_end * k).transpose(-1, -2) @ v
    return within + from_before, last


def feature_map(u: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return phi(u) = elu(u) + 1, but never less than the smallest positive number it can give.

    elu(u) + 1 = exp(u) > 0 below 0, yet it rounds to 0 from -16.6 on in float32, and from -6.25
    on in bfloat16. Where all of a token's features did, its output would be 0 / 0.
    """
    return (F.elu(u) + 1).clamp(min=torch.finfo(u.dtype).eps / 2)


class LinearAttentionState(NamedTuple):
    """Sums over the past: of key times value, and of keys."""

    S: Float[Tensor, "batch heads key value"]
    z: Float[Tensor, "batch heads key"]


class LinearAttention(SequenceLayer[LinearAttentionState]):
    """Causal attention whose score is phi(q) . phi(k) instead of exp(q . k).

    q, k, v = W_q x, W_k x, W_v x in heads,   phi(u) = elu(u) + 1 > 0
    S(t) = S(t-1) + phi(k(t)) v(t)^T,   z(t) = z(t-1) + phi(k(t))
    y(t) = W_o S(t)^T phi(q(t)) / (z(t) . phi(q(t)))

    phi is kept above 0 where it would round to 0 (``feature_map``), so nothing is added to the
    denominator; the authors' code adds 1e-6. x, y: (batch, time, d_model). Raises ValueError or
    TypeError that names the argument whose shape, dtype or device is wrong. Source:
    Katharopoulos et al. 2020, eq. (7), (18) to (20).
    """

    def __init__(
        self, d_model: int, num_heads: int, form: Form = "chunked", chunk: int = 64
    ) -> None:
        super().__init__()
        if num_heads < 1 or d_model < num_heads or d_model % num_heads:
            raise ValueError(f"d_model must be a multiple of num_heads, got {d_model}, {num_heads}")
        check_form(form, chunk)
        self.d_model, self.num_heads, self.form, self.chunk = d_model, num_heads, form, chunk
        self.head = d_model // num_heads
        self.qkv = nn.Linear(d_model, 3 * d_model, bias=False)
        self.out = nn.Linear(d_model, d_model, bias=False)

    def initial_state(self, batch: int) -> LinearAttentionState:
        """Return S (batch, heads, head, head) and z (batch, heads, head) of zeros."""
        zeros = self.qkv.weight.new_zeros
        return LinearAttentionState(
            zeros(batch, self.num_heads, self.head, self.head),
            zeros(batch, self.num_heads, self.head),
        )

    def step(
        self, x: Float[Tensor, "batch model"], state: LinearAttentionState
    ) -> tuple[Float[Tensor, "batch model"], LinearAttentionState]:
        """Read one token: add to both sums, then divide one by the other."""
        check_token("x", x, self.d_model, like=self.qkv.weight)
        self._check_state(state, x.shape[0])
        q, k, v = self.qkv(x).unflatten(-1, (3, self.num_heads, self.head)).unbind(1)
        given, exact = state.S.dtype, single(state.S.dtype)
        q, k, v = feature_map(q).to(exact), feature_map(k).to(exact), v.to(exact)
        S = state.S + k.unsqueeze(-1) * v.unsqueeze(-2)
        z = state.z + k
        y = torch.einsum("bhkv,bhk->bhv", S, q) / (z * q).sum(-1, keepdim=True)
        return self.out(y.to(given).flatten(1)), LinearAttentionState(S.to(given), z.to(given))

    def forward(
        self, x: Float[Tensor, "batch time model"], state: LinearAttentionState | None = None
    ) -> tuple[Float[Tensor, "batch time model"], LinearAttentionState]:
        """Read a whole sequence in the layer's ``form``; ``state`` carries on."""
        check_sequence("x", x, self.d_model, like=self.qkv.weight)
        state = self.initial_state(x.shape[0]) if state is None else state
        self._check_state(state, x.shape[0])
        heads = self.qkv(x).unflatten(-1, (3, self.num_heads, self.head))
        q, k, v = heads.permute(2, 0, 3, 1, 4)  # (batch, heads, time, head) each
        given, exact = state.S.dtype, single(state.S.dtype)  # no quotient in half precision
        q, k, v = feature_map(q).to(exact), feature_map(k).to(exact), v.to(exact)
        # z is the sum that S would hold for one more value that is always 1.
        v = F.pad(v, (0, 1), value=1.0)
        S = torch.cat([state.S, state.z.unsqueeze(-1)], dim=-1).to(exact)
        never_fade = torch.zeros_like(q[..., 0])
        y, S = decayed_attention(q, k, v, never_fade, S, self.form, self.chunk)
        y, S = (y[..., :-1] / y[..., -1:]).to(given), S.to(given)
        return self.out(y.transpose(1, 2).flatten(2)), LinearAttentionState(S[..., :-1], S[..., -1])

    def _check_state(self, state: LinearAttentionState, batch: int) -> None:
        check_kind(state, LinearAttentionState)
        shape = (batch, self.num_heads, self.head)
        check_state("state.S", state.S, (*shape, self.head), self.qkv.weight)
        check_state("state.z", state.z, shape, self.qkv.weight)


class RetentionState(NamedTuple):
    """The faded sum over the past, and how many tokens came before (for the rotation)."""

    S: Float[Tensor, "batch heads key value"]
    position: Int[Tensor, " batch"]


class Retention(SequenceLayer[RetentionState]):
    """RetNet's multi-scale retention: linear attention that fades at one rate per head.

    q(t) = R(t) W_q x(t),   k(t) = R(t) W_k x(t) / sqrt(head),   v(t) = W_v x(t)
    S(t) = gamma S(t-1) + k(t) v(t)^T,   gamma = 1 - 2^(-5 - h)  for head h = 0, 1, ...
    y(t) = W_o ( swish(W_g x(t)) * norm(S(t)^T q(t)) )

    R(t) turns pair j of a head by the angle t theta_j, theta_j = 10000^(-2 j / head), so a
    score depends on the distance only; norm is a layer norm within each head. Angles are
    computed in float64 (see positions.py). The authors' code has theta_j = 10000^(-j / (head/2
    - 1)), which ends at 1/10000 itself, and an RMS norm in place of the layer norm, which does
    not take the mean off; neither norm has weights, eps is 1e-5 here.
    x, y: (batch, time, d_model). Raises ValueError or TypeError that names the argument
    whose shape, dtype or device is wrong. Source: Sun et al. 2023, eq. (5), (6) and (8).
    """

    log_gamma: Tensor

    def __init__(
        self, d_model: int, num_heads: int, form: Form = "chunked", chunk: int = 64
    ) -> None:
        super().__init__()
        if num_heads < 1 or d_model < 2 * num_heads or d_model % (2 * num_heads):
            raise ValueError(
                f"d_model must be a multiple of 2 num_heads, got {d_model} and {num_heads}"
            )
        check_form(form, chunk)
        self.d_model, self.num_heads, self.form, self.chunk = d_model, num_heads, form, chunk
        self.head = d_model // num_heads
        self.qkv = nn.Linear(d_model, 3 * d_model, bias=False)
        self.gate = nn.Linear(d_model, d_model, bias=False)
        self.out = nn.Linear(d_model, d_model, bias=False)
        heads = torch.arange(num_heads)
        self.register_buffer("log_gamma", torch.log1p(-(2.0 ** (-5 - heads))))

    def initial_state(self, batch: int) -> RetentionState:
        """Return S (batch, heads, head, head) of zeros at position 0."""
        S = self.qkv.weight.new_zeros(batch, self.num_heads, self.head, self.head)
        return RetentionState(S, torch.zeros(batch, dtype=torch.long, device=S.device))

    def step(
        self, x: Float[Tensor, "batch model"], state: RetentionState
    ) -> tuple[Float[Tensor, "batch model"], RetentionState]:
        """Read one token: fade the state, add to it, read it."""
        check_token("x", x, self.d_model, like=self.qkv.weight)
        y, state = self._read(x.unsqueeze(1), state, "recurrent")
        return y.squeeze(1), state

    def forward(
        self, x: Float[Tensor, "batch time model"], state: RetentionState | None = None
    ) -> tuple[Float[Tensor, "batch time model"], RetentionState]:
        """Read a whole sequence in the layer's ``form``; ``state`` carries on."""
        check_sequence("x", x, self.d_model, like=self.qkv.weight)
        return self._read(x, self.initial_state(x.shape[0]) if state is None else state, self.form)

    def _read(self, x: Tensor, state: RetentionState, form: Form) -> tuple[Tensor, RetentionState]:
        check_kind(state, RetentionState)
        batch, time, _ = x.shape
        shape = (batch, self.num_heads, self.head, self.head)
        check_state("state.S", state.S, shape, self.qkv.weight)
        check_state("state.position", state.position, (batch,))
        q, k, v = self.qkv(x).unflatten(-1, (3, self.num_heads, self.head)).permute(2, 0, 3, 1, 4)
        t = state.position.unsqueeze(1) + torch.arange(time, device=x.device)
        # float64, whatever the layer's: at position 10^5 a float32 angle is off by thousandths.
        angle = (t.unsqueeze(-1) * frequencies(self.head, device=x.device)).unsqueeze(1)
        q, k = rotate(q, angle), rotate(k, angle) / math.sqrt(self.head)
        log_gamma = self.log_gamma.view(1, -1, 1).expand(batch, -1, time)
        y, S = decayed_attention(q, k, v, log_gamma, state.S, form, self.chunk)
        y = F.layer_norm(y, (self.head,)).transpose(1, 2).flatten(2)
        return self.out(F.silu(self.gate(x)) * y), RetentionState(S, state.position + time)


def rotate(
    u: Float[Tensor, "batch heads time key"], angle: Float[Tensor, "batch 1 time pairs"]
) -> Float[Tensor, "batch heads time key"]:
    """Turn each pair (u(2j), u(2j+1)) of a head by its angle, in radians (float64)."""
    even, odd = u[..., 0::2], u[..., 1::2]
    cos, sin = angle.cos().to(u.dtype), angle.sin().to(u.dtype)
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).flatten(-2)
