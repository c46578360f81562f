"""RWKV time mixing: attention with a fixed decay per channel, read as a recurrent net.

Letters of the equations and names in the code: mu = ``mix``, W_r, W_k, W_v, W_o = the four
linear maps, w = ``decay`` (positive), u = ``bonus`` for the present token, (p, q) = the two
sums over the past, m = their stabiliser.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from solutions.checking import check_kind, single
from solutions.layer import SequenceLayer, check_sequence, check_state, check_token
from solutions.scan import scan

# m before the first token: an empty past never is the largest exponent.
NOTHING_STORED = -1e30


class RWKVState(NamedTuple):
    """The token before, and the two sums over the past divided by exp(m)."""

    x: Float[Tensor, "batch model"]
    p: Float[Tensor, "batch model"]
    q: Float[Tensor, "batch model"]
    m: Float[Tensor, "batch model"]


class RWKVTimeMixing(SequenceLayer[RWKVState]):
    """The time-mixing half of an RWKV-4 block.

    r, k, v = W (mu x(t) + (1 - mu) x(t-1)), each with its own W and mu (token shift)
    p(t) = e^{-w} p(t-1) + e^{k(t)} v(t),   q(t) = e^{-w} q(t-1) + e^{k(t)}
    wkv(t) = (p(t-1) + e^{u + k(t)} v(t)) / (q(t-1) + e^{u + k(t)})
    y(t) = W_o (sigmoid(r(t)) * wkv(t))

    So wkv is a mean of all values so far, weighted by e^k and faded by e^{-w} per step. The
    sums are kept divided by exp m, m(t) = max(m(t-1) - w, k(t)), which cannot overflow. m
    does not read p or q, so it is known for all steps at once: m(t) + t w is the running
    maximum of k(s) + s w. ``forward`` computes that first; p and q are then two scans.

    Start values are those of a first layer, made simpler: mu is one ramp from 0 to 1 for r, k and
    v, log w a straight ramp from -5 to 3, u = 0. The authors' code bends the ramps by the layer's
    depth and starts u at log 0.3, give or take 1/2. Its other half: channel_mixing.py.

    x, y: (batch, time, d_model). Raises ValueError or TypeError that names the argument
    whose shape, dtype or device is wrong. Source: Peng et al. 2023, eq. (11) to (17) and
    appendix D.
    """

    def __init__(self, d_model: int) -> None:
        super().__init__()
        if d_model < 1:
            raise ValueError(f"d_model must be at least 1, got {d_model}")
        self.d_model = d_model
        ramp = torch.linspace(0, 1, d_model)
        self.mix = nn.Parameter(ramp.repeat(3, 1))  # for r, k, v
        self.log_decay = nn.Parameter(-5 + 8 * ramp)
        self.bonus = nn.Parameter(torch.zeros(d_model))
        self.receptance = nn.Linear(d_model, d_model, bias=False)
        self.key = nn.Linear(d_model, d_model, bias=False)
        self.value = nn.Linear(d_model, d_model, bias=False)
        self.out = nn.Linear(d_model, d_model, bias=False)

    def initial_state(self, batch: int) -> RWKVState:
        """Return an empty past: zeros, and m so low that any token outvotes it."""
        zeros = self.bonus.new_zeros(batch, self.d_model)
        lowest = torch.full_like(zeros, max(NOTHING_STORED, torch.finfo(zeros.dtype).min))
        return RWKVState(zeros, zeros.clone(), zeros.clone(), lowest)

    def step(
        self, x: Float[Tensor, "batch model"], state: RWKVState
    ) -> tuple[Float[Tensor, "batch model"], RWKVState]:
        """Read one token: read the mean with it in, then add it to the sums."""
        check_token("x", x, self.d_model, like=self.bonus)
        self._check_state(state, x.shape[0])
        r, k, v = self._project(x, state.x)
        wkv = self._read(k, v, state.p, state.q, state.m)
        faded = state.m - self.log_decay.exp()
        m = torch.maximum(faded, k)
        old, new = (faded - m).exp(), (k - m).exp()
        p, q = old * state.p + new * v, old * state.q + new
        return self.out(torch.sigmoid(r) * wkv), RWKVState(x, p, q, m)

    def forward(
        self, x: Float[Tensor, "batch time model"], state: RWKVState | None = None
    ) -> tuple[Float[Tensor, "batch time model"], RWKVState]:
        """Read a whole sequence as two scans; ``state`` carries on from an earlier chunk."""
        check_sequence("x", x, self.d_model, like=self.bonus)
        state = self.initial_state(x.shape[0]) if state is None else state
        self._check_state(state, x.shape[0])
        before = torch.cat([state.x.unsqueeze(1), x[:, :-1]], dim=1)
        r, *from_input = self._project(x, before)
        given, exact = state.p.dtype, single(state.p.dtype)  # sums over time: float32 at least
        k, v, p0, q0, m0 = (u.to(exact) for u in (*from_input, *state[1:]))
        w = self.log_decay.to(exact).exp()
        steps = torch.arange(x.shape[1] + 1, dtype=exact, device=x.device).unsqueeze(-1)
        risen = torch.cat([m0.unsqueeze(1), k], dim=1) + steps * w
        m = risen.cummax(dim=1).values - steps * w  # m(0) .. m(T)
        old, new = (m[:, :-1] - w - m[:, 1:]).exp(), (k - m[:, 1:]).exp()
        p, q = scan(old, new * v, p0), scan(old, new, q0)
        p_before = torch.cat([p0.unsqueeze(1), p[:, :-1]], dim=1)
        q_before = torch.cat([q0.unsqueeze(1), q[:, :-1]], dim=1)
        wkv = self._read(k, v, p_before, q_before, m[:, :-1])
        last = RWKVState(x[:, -1], *(sums[:, -1].to(given) for sums in (p, q, m)))
        return self.out(torch.sigmoid(r) * wkv.to(given)), last

    def _project(self, x: Tensor, before: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return r, k and v of tokens x that follow the tokens ``before``."""
        r, k, v = (mu * x + (1 - mu) * before for mu in self.mix)
        return self.receptance(r), self.key(k), self.value(v)

    def _read(self, k: Tensor, v: Tensor, p: Tensor, q: Tensor, m: Tensor) -> Tensor:
        """Return wkv from the sums before a token and the token's own k and v."""
        highest = torch.maximum(m, self.bonus + k)
        old, new = (m - highest).exp(), (self.bonus + k - highest).exp()
        return (old * p + new * v) / (old * q + new)

    def _check_state(self, state: RWKVState, batch: int) -> None:
        check_kind(state, RWKVState)
        for name, value in zip(state._fields, state, strict=True):
            check_state(f"state.{name}", value, (batch, self.d_model), self.bonus)
