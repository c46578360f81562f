"""Gated DeltaNet: a matrix memory that corrects what it holds instead of only adding to it.

Linear attention adds v under k even when k already has a value; the two then blur. The delta
rule first reads what k holds now and writes the difference: one step of gradient descent on
|S^T k - v|^2 with step size beta. A gate alpha lets the whole memory fade, as in Mamba-2.

Letters of the equations and names in the code: S = the memory (key, value), alpha = the gate
(kept as ``log_alpha``), beta = the step size, q, k, v = query, key and value, u = what is
really written.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from solutions.checking import check_form, check_kind, single
from solutions.layer import SequenceLayer, check_sequence, check_state, check_token
from solutions.linear_attention import Form, parallel_form


def gated_delta_rule(
    q: Float[Tensor, "batch heads time key"],
    k: Float[Tensor, "batch heads time key"],
    v: Float[Tensor, "batch heads time value"],
    log_alpha: Float[Tensor, "batch heads time"],
    beta: Float[Tensor, "batch heads time"],
    S: Float[Tensor, "batch heads key value"],
    form: Form = "chunked",
    chunk: int = 64,
) -> tuple[Float[Tensor, "batch heads time value"], Float[Tensor, "batch heads key value"]]:
    """Return all outputs and the last memory of the gated delta rule.

    S(t) = alpha(t) S(t-1) + beta(t) k(t) (v(t) - alpha(t) S(t-1)^T k(t))^T,   y(t) = S(t)^T q(t)

    The keys should have length 1 and beta lie in [0, 1]; then a step replaces the share beta
    of what k held. ``form``: "recurrent" is T serial steps, "parallel" one piece of T tokens,
    "chunked" pieces of ``chunk`` tokens; all agree. Raises ValueError for another form or a
    chunk below 1. Source: Yang, Kautz & Hatamizadeh 2025, eq. (10) and section 3.3.
    """
    check_form(form, chunk)
    if S.dtype != single(S.dtype):  # sums over time are taken in float32
        exact = (q.float(), k.float(), v.float(), log_alpha.float(), beta.float(), S.float())
        y, last = gated_delta_rule(*exact, form, chunk)
        return y.to(S.dtype), last.to(S.dtype)
    outputs = []
    if form == "recurrent":
        parts = (part.unbind(2) for part in (q, k, v, log_alpha.exp(), beta))
        for q_t, k_t, v_t, alpha_t, beta_t in zip(*parts, strict=True):
            S = alpha_t[..., None, None] * S
            held = torch.einsum("bhkv,bhk->bhv", S, k_t)
            u_t = beta_t.unsqueeze(-1) * (v_t - held)
            S = S + k_t.unsqueeze(-1) * u_t.unsqueeze(-2)
            outputs.append(torch.einsum("bhkv,bhk->bhv", S, q_t))
        return torch.stack(outputs, dim=2), S
    size = q.shape[2] if form == "parallel" else chunk
    parts = (part.split(size, dim=2) for part in (q, k, v, log_alpha, beta))
    for q_c, k_c, v_c, log_alpha_c, beta_c in zip(*parts, strict=True):
        u_c = corrections(k_c, v_c, log_alpha_c, beta_c, S)
        y_c, S = parallel_form(q_c, k_c, u_c, log_alpha_c, S)
        outputs.append(y_c)
    return torch.cat(outputs, dim=2), S


def corrections(
    k: Float[Tensor, "batch heads time key"],
    v: Float[Tensor, "batch heads time value"],
    log_alpha: Float[Tensor, "batch heads time"],
    beta: Float[Tensor, "batch heads time"],
    S: Float[Tensor, "batch heads key value"],
) -> Float[Tensor, "batch heads time value"]:
    """Return all u(t) = beta(t) (v(t) - alpha(t) S(t-1)^T k(t)) of a piece at once.

    Written with u, the memory is plain decayed attention, S(t) = alpha(t) S(t-1) + k(t) u(t)^T.
    Unrolled, with A(t) = log alpha(1) + ... + log alpha(t), it makes u the solution of a lower
    triangular system with ones on its diagonal:

        u(t) + sum_{s<t} beta(t) exp(A(t) - A(s)) (k(t) . k(s)) u(s)
             = beta(t) (v(t) - exp A(t) S(0)^T k(t))
    """
    A = log_alpha.cumsum(-1)
    not_past = torch.ones(A.shape[-1], A.shape[-1], dtype=torch.bool, device=A.device).triu()
    fade = (A.unsqueeze(-1) - A.unsqueeze(-2)).masked_fill(not_past, -torch.inf).exp()
    system = beta.unsqueeze(-1) * fade * (k @ k.transpose(-1, -2))
    wanted = beta.unsqueeze(-1) * (v - A.exp().unsqueeze(-1) * (k @ S))
    u: Tensor = torch.linalg.solve_triangular(system, wanted, upper=False, unitriangular=True)
    return u


class DeltaState(NamedTuple):
    """The memory: one matrix per head."""

    S: Float[Tensor, "batch heads key value"]


class GatedDeltaNet(SequenceLayer[DeltaState]):
    """A layer of gated delta rule memories.

    q = norm(silu(W_q x)),  k = norm(silu(W_k x)),  v = silu(W_v x)  in heads (norm: length 1)
    beta = sigmoid(W_b x),  log alpha = -exp(a) softplus(W_a x + b_a)  per head
    y = W_o ( swish(W_g x) * rms( S(t)^T q(t) ) ),  S as in ``gated_delta_rule``

    x, y: (batch, time, d_model). The paper's short convolutions before q, k and v are left
    out. The authors' code also multiplies q by 1/sqrt(head), adds 1e-6 under the root of the
    norms and 1e-5 in rms (here 0 and 1e-6), and gives rms a weight. Raises ValueError or TypeError
    that names the argument whose shape, dtype or device is wrong.
    Source: Yang, Kautz & Hatamizadeh 2025, section 3.4.
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
        self.beta = nn.Linear(d_model, num_heads)
        self.alpha = nn.Linear(d_model, num_heads)
        self.log_rate = nn.Parameter(torch.zeros(num_heads))
        self.gate = nn.Linear(d_model, d_model, bias=False)
        self.out = nn.Linear(d_model, d_model, bias=False)

    def initial_state(self, batch: int) -> DeltaState:
        """Return an empty memory, (batch, heads, head, head) of zeros."""
        zeros = self.qkv.weight.new_zeros(batch, self.num_heads, self.head, self.head)
        return DeltaState(zeros)

    def step(
        self, x: Float[Tensor, "batch model"], state: DeltaState
    ) -> tuple[Float[Tensor, "batch model"], DeltaState]:
        """Read one token: fade, correct, read."""
        check_token("x", x, self.d_model, like=self.qkv.weight)
        y, state = self._read(x.unsqueeze(1), state, "recurrent")
        return y.squeeze(1), state

    def forward(
        self, x: Float[Tensor, "batch time model"], state: DeltaState | None = None
    ) -> tuple[Float[Tensor, "batch time model"], DeltaState]:
        """Read a whole sequence in the layer's ``form``; ``state`` carries on."""
        check_sequence("x", x, self.d_model, like=self.qkv.weight)
        return self._read(x, self.initial_state(x.shape[0]) if state is None else state, self.form)

    def _read(self, x: Tensor, state: DeltaState, form: Form) -> tuple[Tensor, DeltaState]:
        check_kind(state, DeltaState)
        shape = (x.shape[0], self.num_heads, self.head, self.head)
        check_state("state.S", state.S, shape, self.qkv.weight)
        heads = F.silu(self.qkv(x)).unflatten(-1, (3, self.num_heads, self.head))
        q, k, v = heads.permute(2, 0, 3, 1, 4)  # (batch, heads, time, head) each
        q, k = F.normalize(q, dim=-1), F.normalize(k, dim=-1)
        beta = torch.sigmoid(self.beta(x)).transpose(1, 2)
        # torch.compile (2.13) takes softplus' gradient for contiguous: transpose before, not after.
        forget = F.softplus(self.alpha(x).transpose(1, 2).contiguous())
        log_alpha = -(self.log_rate.exp().unsqueeze(-1) * forget)
        y, S = gated_delta_rule(q, k, v, log_alpha, beta, state.S, form, self.chunk)
        y = F.rms_norm(y, (self.head,), eps=1e-6).transpose(1, 2).flatten(2)
        return self.out(F.silu(self.gate(x)) * y), DeltaState(S)
