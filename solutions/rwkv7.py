"""RWKV-7 time mixing: the delta rule with a rate of fading and of replacing for every entry.

    S(t) = (diag w(t) - (a(t) * kappa(t)) kappa(t)^T) S(t-1) + k(t) v(t)^T,    y(t) = S(t)^T r(t)

One step more than the gated delta rule (delta.py), whose memory fades and replaces at one rate per
head: here each entry of the key has its own fading w and its own share a that is replaced, and
what is taken away stands under another key, kappa, than what is written.

Shapes: r, w, k, a, kappa (batch, heads, time, key), v, y (batch, heads, time, value), S (batch,
heads, key, value).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from solutions.checking import check_kind, single
from solutions.layer import SequenceLayer, check_sequence, check_state, check_token


def generalised_delta_rule(
    r: Float[Tensor, "batch heads time key"],
    log_w: Float[Tensor, "batch heads time key"],
    k: Float[Tensor, "batch heads time key"],
    v: Float[Tensor, "batch heads time value"],
    a: Float[Tensor, "batch heads time key"],
    kappa: Float[Tensor, "batch heads time key"],
    S: Float[Tensor, "batch heads key value"],
) -> tuple[Float[Tensor, "batch heads time value"], Float[Tensor, "batch heads key value"]]:
    """Return all outputs and the last memory, token by token.

    kappa should have length 1. What S held under it is read before S fades; then the share a of
    it is taken away, entry by entry, and k v^T is added. The authors' kernels compute the same in
    chunks. Source: Peng et al. 2025 (RWKV-7), transposed.
    """
    if S.dtype != single(S.dtype):  # sums over time are taken in float32
        exact = (u.float() for u in (r, log_w, k, v, a, kappa, S))
        y, last = generalised_delta_rule(*exact)
        return y.to(S.dtype), last.to(S.dtype)
    outputs = []
    parts = (part.unbind(2) for part in (r, log_w.exp(), k, v, a * kappa, kappa))
    for r_t, w_t, k_t, v_t, away_t, kappa_t in zip(*parts, strict=True):
        held = torch.einsum("bhkv,bhk->bhv", S, kappa_t)
        S = w_t.unsqueeze(-1) * S - away_t.unsqueeze(-1) * held.unsqueeze(-2)
        S = S + k_t.unsqueeze(-1) * v_t.unsqueeze(-2)
        outputs.append(torch.einsum("bhkv,bhk->bhv", S, r_t))
    return torch.stack(outputs, dim=2), S


class RWKV7State(NamedTuple):
    """The token before, and one matrix per head."""

    x: Float[Tensor, "batch model"]
    S: Float[Tensor, "batch heads key value"]


class RWKV7TimeMixing(SequenceLayer[RWKV7State]):
    """The time-mixing half of an RWKV-7 block.

    Each of r, k, v, d, a and g reads x' = mu x(t) + (1 - mu) x(t-1) with a mu of its own, x(0) = 0.
    r, k, v = W x';    g = G_2 sigmoid(G_1 x')
    log w = -sigmoid(d) / sqrt(e),  d = D_2 tanh(D_1 x') + b      so w lies in (0.545, 1)
    a = sigmoid(A_2 A_1 x' + c)                                   the share that is replaced
    kappa = (xi * k) / |xi * k| in each head,   k <- k * (1 + (a - 1) * alpha)
    y = W_o (g * (norm(S^T r) + (r . (rho * k)) v)),  S as in ``generalised_delta_rule``

    G_1, D_1 and A_1 have ``rank`` rows; norm is a layer norm within each head, with weights of its
    own. Differences from the authors' code: its start values bend by the layer's depth, its norm
    adds 64e-5 under the root (here 1e-5), and in a stack it mixes the first layer's v into v, which
    is left out here. The block's other half is channel_mixing.py without r.

    x, y: (batch, time, d_model). Raises ValueError or TypeError that names the argument whose
    shape, dtype or device is wrong. Source: Peng et al. 2025 (RWKV-7); the equations follow the
    authors' public code, with which outputs and memory agree to rounding.
    """

    def __init__(self, d_model: int, num_heads: int, rank: int = 16) -> None:
        super().__init__()
        if num_heads < 1 or d_model < num_heads or d_model % num_heads:
            raise ValueError(f"d_model must be a multiple of num_heads, got {d_model}, {num_heads}")
        if rank < 1:
            raise ValueError(f"rank must be at least 1, got {rank}")
        self.d_model, self.num_heads, self.head = d_model, num_heads, d_model // num_heads
        ramp = torch.linspace(0, 1, d_model)
        self.mix = nn.Parameter(ramp.repeat(6, 1))  # for r, k, v, d, a, g
        self.rkv = nn.ModuleList(nn.Linear(d_model, d_model, bias=False) for _ in range(3))
        self.decay = nn.Sequential(
            nn.Linear(d_model, rank, bias=False), nn.Tanh(), nn.Linear(rank, d_model)
        )
        self.share = nn.Sequential(nn.Linear(d_model, rank, bias=False), nn.Linear(rank, d_model))
        self.gate = nn.Sequential(
            nn.Linear(d_model, rank, bias=False), nn.Sigmoid(), nn.Linear(rank, d_model, bias=False)
        )
        self.removal_key = nn.Parameter(torch.ones(d_model))  # xi
        self.added_share = nn.Parameter(torch.ones(d_model))  # alpha
        self.bonus = nn.Parameter(torch.zeros(d_model))  # rho
        self.norm_weight = nn.Parameter(torch.ones(d_model))
        self.norm_bias = nn.Parameter(torch.zeros(d_model))
        self.out = nn.Linear(d_model, d_model, bias=False)

    def initial_state(self, batch: int) -> RWKV7State:
        """Return a zero token and an empty memory, (batch, heads, head, head) of zeros."""
        x = self.bonus.new_zeros(batch, self.d_model)
        return RWKV7State(x, self.bonus.new_zeros(batch, self.num_heads, self.head, self.head))

    def step(
        self, x: Float[Tensor, "batch model"], state: RWKV7State
    ) -> tuple[Float[Tensor, "batch model"], RWKV7State]:
        """Read one token: fade, take away, add, read."""
        check_token("x", x, self.d_model, like=self.bonus)
        y, state = self._read(x.unsqueeze(1), state)
        return y.squeeze(1), state

    def forward(
        self, x: Float[Tensor, "batch time model"], state: RWKV7State | None = None
    ) -> tuple[Float[Tensor, "batch time model"], RWKV7State]:
        """Read a whole sequence: maps for all tokens at once, the memory token by token."""
        check_sequence("x", x, self.d_model, like=self.bonus)
        return self._read(x, self.initial_state(x.shape[0]) if state is None else state)

    def _read(self, x: Tensor, state: RWKV7State) -> tuple[Tensor, RWKV7State]:
        check_kind(state, RWKV7State)
        shape = (x.shape[0], self.num_heads, self.head, self.head)
        check_state("state.x", state.x, (x.shape[0], self.d_model), self.bonus)
        check_state("state.S", state.S, shape, self.bonus)
        before = torch.cat([state.x.unsqueeze(1), x[:, :-1]], dim=1)
        *for_rkv, for_d, for_a, for_g = (mu * x + (1 - mu) * before for mu in self.mix)
        r, k, v = (matrix(u) for matrix, u in zip(self.rkv, for_rkv, strict=True))
        log_w = -torch.sigmoid(self.decay(for_d)) / math.sqrt(math.e)
        a = torch.sigmoid(self.share(for_a))
        kappa = F.normalize(self._heads(self.removal_key * k), dim=-1)
        r, k, v, a, log_w = map(self._heads, (r, k * (1 + (a - 1) * self.added_share), v, a, log_w))
        y, S = generalised_delta_rule(r, log_w, k, v, a, kappa, state.S)
        bonus = (r * self._rows(self.bonus) * k).sum(-1, keepdim=True) * v
        y = F.layer_norm(y, (self.head,)) * self._rows(self.norm_weight)
        y = (y + self._rows(self.norm_bias) + bonus).transpose(1, 2).flatten(2)
        out: Tensor = self.out(self.gate(for_g) * y)
        return out, RWKV7State(x[:, -1], S)

    def _heads(self, u: Tensor) -> Float[Tensor, "batch heads time head"]:
        split: Tensor = u.unflatten(-1, (self.num_heads, self.head))
        return split.transpose(1, 2)

    def _rows(self, weight: Tensor) -> Float[Tensor, "heads 1 head"]:
        """Return a weight for each entry, one row per head, to meet (batch, heads, time, head)."""
        return weight.view(self.num_heads, 1, self.head)
