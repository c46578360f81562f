"""Mamba-2: the selective state space model as matrix products (state space duality, SSD).

Let every channel of a head fade at the same rate a(t) = exp(delta(t) A), A one number per
head. Then the state of a head, one (states x channels) matrix, obeys

    H(t) = a(t) H(t-1) + B(t) (delta(t) x(t))^T,   y(t) = H(t)^T C(t)

which is linear attention that fades: C is the query, B the key, delta x the value. So the
three forms of linear_attention.py serve, and the chunked one turns the scan into products of
small matrices, which is what processors do fastest.

Letters of the equations and names in the code: x = the channels' input, z = the gate, delta =
the step size, A, B, C, D = the system, H = the state, N = ``states``.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from solutions.checking import check_form, check_kind
from solutions.layer import SequenceLayer, check_sequence, check_state, check_token
from solutions.linear_attention import Form, decayed_attention
from solutions.selective import short_convolution


class Mamba2State(NamedTuple):
    """The last tokens for the short convolution, and the state matrix of each head."""

    tail: Float[Tensor, "batch past channels"]
    H: Float[Tensor, "batch heads states head"]


class Mamba2(SequenceLayer[Mamba2State]):
    """The Mamba-2 block, without the residual connection and norm around it.

    z, x, B, C, d = W_in u                  x and z of inner = expand * d_model numbers, B and
                                            C of ``states``, shared by the heads, d of ``heads``
    x, B, C = silu(conv(x, B, C))           causal, ``width`` tokens, per channel
    delta = softplus(d + b_d),   A = -exp(log_A)                    per head
    H(t) = exp(delta A) H(t-1) + B (delta x)^T,   y = H(t)^T C + D x
    out = W_out ( g * rms(y * silu(z)) )    rms: divided by the root mean square

    rms adds 1e-6 to the mean square, the authors' code 1e-5; their A starts between -1 and -16 by
    chance, here at -1, -2, ... u, out: (batch, time, d_model). ``form`` of ``forward``:
    "recurrent", "parallel" or "chunked". Raises ValueError or TypeError that names the argument
    (``x`` for u) whose shape, dtype or device is wrong. Source: Dao & Gu 2024, sections 6 and 7,
    figure 6.
    """

    def __init__(
        self,
        d_model: int,
        states: int = 16,
        num_heads: int = 2,
        expand: int = 2,
        width: int = 4,
        form: Form = "chunked",
        chunk: int = 64,
    ) -> None:
        super().__init__()
        inner = expand * d_model
        if min(d_model, states, num_heads, expand, width) < 1 or inner % num_heads:
            raise ValueError(
                "sizes must be at least 1 and expand * d_model a multiple of num_heads, got "
                f"{d_model=}, {states=}, {num_heads=}, {expand=}, {width=}"
            )
        check_form(form, chunk)
        self.d_model, self.states, self.num_heads, self.inner = d_model, states, num_heads, inner
        self.head, self.form, self.chunk = inner // num_heads, form, chunk
        channels = inner + 2 * states
        self.inputs = nn.Linear(d_model, inner + channels + num_heads, bias=False)
        self.conv_weight = nn.Parameter(torch.empty(width, channels).uniform_(-1, 1) / width**0.5)
        self.conv_bias = nn.Parameter(torch.zeros(channels))
        self.log_A = nn.Parameter((torch.arange(num_heads) + 1.0).log())
        self.D = nn.Parameter(torch.ones(num_heads))
        self.norm_weight = nn.Parameter(torch.ones(inner))
        self.out = nn.Linear(inner, d_model, bias=False)
        # softplus(bias) spread evenly, on a log scale, over 0.001 .. 0.1
        delta = 10 ** torch.empty(num_heads).uniform_(-3, -1)
        self.step_bias = nn.Parameter(delta + torch.log(-torch.expm1(-delta)))

    def initial_state(self, batch: int) -> Mamba2State:
        """Return zeros: a tail of width - 1 tokens, and H (batch, heads, states, head)."""
        zeros = self.log_A.new_zeros
        return Mamba2State(
            zeros(batch, self.conv_weight.shape[0] - 1, self.conv_weight.shape[1]),
            zeros(batch, self.num_heads, self.states, self.head),
        )

    def step(
        self, x: Float[Tensor, "batch model"], state: Mamba2State
    ) -> tuple[Float[Tensor, "batch model"], Mamba2State]:
        """Read one token: one step of the convolution, one step of the recurrence."""
        check_token("x", x, self.d_model, like=self.log_A)
        y, state = self._read(x.unsqueeze(1), state, "recurrent")
        return y.squeeze(1), state

    def forward(
        self, x: Float[Tensor, "batch time model"], state: Mamba2State | None = None
    ) -> tuple[Float[Tensor, "batch time model"], Mamba2State]:
        """Read a whole sequence in the layer's ``form``; ``state`` carries on."""
        check_sequence("x", x, self.d_model, like=self.log_A)
        return self._read(x, self.initial_state(x.shape[0]) if state is None else state, self.form)

    def _read(self, x: Tensor, state: Mamba2State, form: Form) -> tuple[Tensor, Mamba2State]:
        check_kind(state, Mamba2State)
        past, channels = self.conv_weight.shape[0] - 1, self.conv_weight.shape[1]
        shape = (x.shape[0], self.num_heads, self.states, self.head)
        check_state("state.tail", state.tail, (x.shape[0], past, channels), self.log_A)
        check_state("state.H", state.H, shape, self.log_A)
        z, xBC, step = self.inputs(x).split([self.inner, channels, self.num_heads], dim=-1)
        xBC, tail = short_convolution(xBC, state.tail, self.conv_weight, self.conv_bias)
        u, B, C = F.silu(xBC).split([self.inner, self.states, self.states], dim=-1)
        u = u.unflatten(-1, (self.num_heads, self.head)).transpose(1, 2)
        delta = F.softplus(step + self.step_bias).transpose(1, 2)  # (batch, heads, time)
        log_a = -delta * self.log_A.exp().unsqueeze(-1)
        B, C = (s.unsqueeze(1).expand(-1, self.num_heads, -1, -1) for s in (B, C))
        y, H = decayed_attention(C, B, delta.unsqueeze(-1) * u, log_a, state.H, form, self.chunk)
        y = (y + self.D.view(-1, 1, 1) * u).transpose(1, 2).flatten(2)
        y = F.rms_norm(y * F.silu(z), (self.inner,), self.norm_weight, eps=1e-6)
        return self.out(y), Mamba2State(tail, H)
