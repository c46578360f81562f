"""Linear state space models: from a differential equation to a layer, and three ways to run it.

    dh/dt = A h + B u,   y = Re(C h) + D u

is a filter with memory. Sampled at a step size it becomes h(t) = Abar h(t-1) + Bbar u(t): a
recurrence for streaming, a convolution with a known kernel for training, or a scan.

Letters of the equations and names in the code: u = ``x`` (the layer's input), A, B, C, D =
the system, delta = ``step`` size, Abar, Bbar = the discretised system, h = the state, N = the
number of states, K = the convolution kernel.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float, Inexact
from torch import Tensor, nn

from solutions.checking import check_complex, check_kind, single
from solutions.layer import SequenceLayer, check_sequence, check_state, check_token, unroll
from solutions.scan import scan


def hippo_legs(
    states: int, dtype: torch.dtype | None = None
) -> tuple[Float[Tensor, "states states"], Float[Tensor, "states 1"]]:
    """Return A and B of HiPPO-LegS: the state is the past, as scaled Legendre coefficients.

    A[n, k] = -sqrt((2n+1)(2k+1)) for n > k,  -(n+1) for n = k,  0 for n < k;   B[n] = sqrt(2n+1)

    n and k count from 0. Source: Gu et al. 2020, theorem 2 (as dh/dt = A h / t + B u / t).
    """
    if states < 1:
        raise ValueError(f"states must be at least 1, got {states}")
    n = torch.arange(states, dtype=dtype or torch.get_default_dtype())
    root = (2 * n + 1).sqrt()
    A = -(root.unsqueeze(1) * root).tril(-1) - torch.diag(n + 1)
    return A, root.unsqueeze(1)


def zero_order_hold(
    A: Float[Tensor, "states states"], B: Float[Tensor, "states inputs"], step: float
) -> tuple[Float[Tensor, "states states"], Float[Tensor, "states inputs"]]:
    """Return Abar and Bbar, exact for an input that is constant during each step.

    Abar = exp(step A),   Bbar = A^-1 (exp(step A) - I) B

    Both are blocks of one exponential, exp(step [[A, B], [0, 0]]) = [[Abar, Bbar], [0, I]],
    which also serves an A without inverse. Source: Gu, Goel & Ré 2022, section 2.
    """
    states, inputs = check_system(A, B)
    ### BEGIN SOLUTION
    top = torch.cat([A, B], dim=1)
    whole = torch.cat([top, top.new_zeros(inputs, states + inputs)], dim=0)
    exponential = torch.linalg.matrix_exp(step * whole)
    return exponential[:states, :states], exponential[:states, states:]
    ### END SOLUTION


def bilinear(
    A: Float[Tensor, "states states"], B: Float[Tensor, "states inputs"], step: float
) -> tuple[Float[Tensor, "states states"], Float[Tensor, "states inputs"]]:
    """Return Abar and Bbar by the trapezoid rule, stable whenever the system is.

    Abar = (I - step/2 A)^-1 (I + step/2 A),   Bbar = (I - step/2 A)^-1 step B

    Source: Gu, Goel & Ré 2022, eq. (3).
    """
    states, _ = check_system(A, B)
    eye = torch.eye(states, dtype=A.dtype, device=A.device)
    both = torch.linalg.solve(eye - step / 2 * A, torch.cat([eye + step / 2 * A, step * B], dim=1))
    return both[:, :states], both[:, states:]


def check_system(A: Tensor, B: Tensor) -> tuple[int, int]:
    """Raise unless A is (states, states) and B (states, inputs); return both numbers."""
    if A.ndim != 2 or A.shape[0] != A.shape[1]:
        raise ValueError(f"A must be square, got {tuple(A.shape)}")
    if B.ndim != 2 or B.shape[0] != A.shape[0]:
        raise ValueError(f"B must have shape ({A.shape[0]}, inputs), got {tuple(B.shape)}")
    return B.shape[0], B.shape[1]


def causal_convolution(
    x: Float[Tensor, "batch time dim"], kernel: Float[Tensor, "dim time"]
) -> Float[Tensor, "batch time dim"]:
    """Return y(t) = sum_{s=0}^{t} K(s) x(t-s), for each feature its own kernel, by FFT.

    Padded to twice the length, so that the end does not wrap around to the start. T log T
    operations instead of T^2; rounding is relative to the largest output, not to each. So it is
    causal up to rounding only: in float32 an input of 10^8 at the end moves the outputs before it
    by whole units.
    """
    time = x.shape[1]
    if kernel.shape != (x.shape[2], time):
        raise ValueError(f"kernel must have shape {(x.shape[2], time)}, got {tuple(kernel.shape)}")
    if x.shape[0] == 0:  # which no FFT takes
        return x * kernel.T
    ### BEGIN SOLUTION
    spectrum = torch.fft.rfft(x, 2 * time, dim=1) * torch.fft.rfft(kernel.T, 2 * time, dim=0)
    y: Tensor = torch.fft.irfft(spectrum, 2 * time, dim=1)
    return y[:, :time]
    ### END SOLUTION


class SSMState(NamedTuple):
    """The states of all features; complex unless the layer started as "real"."""

    h: Inexact[Tensor, "batch model states"]


class DiagonalSSM(SequenceLayer[SSMState]):
    """S4D: one linear system per feature with a diagonal A, here with B = 1.

    h(t) = Abar h(t-1) + Bbar u(t),   y(t) = 2 Re(C . h(t)) + D u(t)
    "zoh":       Abar = exp(step A),                    Bbar = (Abar - 1) / A
    "bilinear":  Abar = (1 + step A/2) / (1 - step A/2),  Bbar = step / (1 - step A/2)

    Of a pair of conjugate states one is kept, hence 2 Re and ``states`` / 2 complex numbers.
    Starts, for n = 0, 1, ...:  "lin"   A = -1/2 + i pi n
                                "inv"   A = -1/2 + i N/pi (N/(2n+1) - 1)
                                "real"  A = -(n+1): all ``states`` numbers real, y = C . h + D u
    ``form`` of ``forward``: "recurrent" repeats ``step``; "convolution" (the default, memory
    linear in time x model) uses K(s) = 2 Re(C . Abar^s Bbar); "scan" is the recurrence as one
    scan, which keeps all states. By FFT, rounding is relative to the largest output: one huge
    input moves earlier outputs, too, by its rounding. C starts normal with variance 1 / states
    kept (each part of it, where complex), which the authors' code does not divide by; D as
    theirs. Half precision: only "real" (there are no complex numbers in it, TypeError).
    x, y: (batch, time, d_model). Raises ValueError or TypeError
    that names the argument whose shape, dtype or device is wrong. Source: Gu et al. 2022
    (S4D), sections 3 and 4.
    """

    def __init__(
        self,
        d_model: int,
        states: int,
        start: Literal["lin", "inv", "real"] = "lin",
        method: Literal["zoh", "bilinear"] = "zoh",
        form: Literal["recurrent", "convolution", "scan"] = "convolution",
        step_range: tuple[float, float] = (0.001, 0.1),
    ) -> None:
        super().__init__()
        if d_model < 1 or states < 1 or (start != "real" and states % 2):
            raise ValueError(
                "sizes must be at least 1, states even unless start is 'real', "
                f"got {d_model} and {states}"
            )
        for name, value, known in (
            ("start", start, ("lin", "inv", "real")),
            ("method", method, ("zoh", "bilinear")),
            ("form", form, ("recurrent", "convolution", "scan")),
        ):
            if value not in known:
                raise ValueError(f"{name} must be one of {known}, got {value!r}")
        self.d_model, self.method, self.form = d_model, method, form
        self.real = start == "real"
        kept = states if self.real else states // 2
        n = torch.arange(kept) + 0.0
        decay = n + 1 if self.real else torch.full((kept,), 0.5)
        # Logarithms keep the real part of A negative, and the step positive, while learning.
        self.log_decay = nn.Parameter(decay.log().repeat(d_model, 1))
        if not self.real:
            lin, inv = math.pi * n, states / math.pi * (states / (2 * n + 1) - 1)
            self.frequency = nn.Parameter((lin if start == "lin" else inv).repeat(d_model, 1))
        low, high = (math.log(bound) for bound in step_range)
        self.log_step = nn.Parameter(low + (high - low) * torch.rand(d_model))
        # Last axis: real and imaginary part, since Module.double() leaves complex numbers alone.
        self.C = nn.Parameter(torch.randn(d_model, kept, 1 if self.real else 2) / math.sqrt(kept))
        self.D = nn.Parameter(torch.randn(d_model))

    def system(self) -> tuple[Inexact[Tensor, "model states"], ...]:
        """Return Abar, Bbar and C, the factor 2 of the conjugate states included in C."""
        exact = single(self.D.dtype)  # a decay near 1 would be 1 in half precision
        decay, step = self.log_decay.to(exact).exp(), self.log_step.to(exact).exp().unsqueeze(-1)
        A = -decay if self.real else torch.complex(-decay, self.frequency)
        C = self.C.to(exact).squeeze(-1) if self.real else 2 * torch.view_as_complex(self.C)
        if self.method == "zoh":
            return (step * A).exp(), torch.expm1(step * A) / A, C
        return (1 + step / 2 * A) / (1 - step / 2 * A), step / (1 - step / 2 * A), C

    def initial_state(self, batch: int) -> SSMState:
        """Return h of zeros, (batch, d_model, states), complex with half as many unless real."""
        h = self.log_decay.new_zeros(batch, *self.log_decay.shape)
        if self.real:
            return SSMState(h)
        check_complex("DiagonalSSM", h)
        return SSMState(torch.complex(h, h))

    def step(
        self, x: Float[Tensor, "batch model"], state: SSMState
    ) -> tuple[Float[Tensor, "batch model"], SSMState]:
        """Read one token: move the state on, read it out."""
        check_token("x", x, self.d_model, like=self.D)
        self._check_state(state, x.shape[0])
        A, B, C = self.system()
        h = A * state.h + B * x.unsqueeze(-1)
        y = (C * h).sum(-1).real.to(x.dtype) + self.D * x
        return y, SSMState(h.to(state.h.dtype))

    def forward(
        self, x: Float[Tensor, "batch time model"], state: SSMState | None = None
    ) -> tuple[Float[Tensor, "batch time model"], SSMState]:
        """Read a whole sequence in the layer's ``form``; ``state`` carries on."""
        check_sequence("x", x, self.d_model, like=self.D)
        state = self.initial_state(x.shape[0]) if state is None else state
        if self.form == "recurrent":
            return unroll(self, x, state)
        self._check_state(state, x.shape[0])
        y, h = self._read(x.to(single(x.dtype)), state.h)
        return y.to(x.dtype), SSMState(h.to(state.h.dtype))

    def _read(self, x: Tensor, h0: Tensor) -> tuple[Tensor, Tensor]:
        A, B, C = self.system()
        h0 = h0.to(A.dtype)
        if self.form == "scan":
            inputs = B * x.unsqueeze(-1)
            h = scan(A.expand_as(inputs), inputs, h0)
            return torch.einsum("dn,btdn->btd", C, h).real + self.D * x, h[:, -1]
        time = x.shape[1]
        powers = self.powers(A, time + 1)  # Abar^0 .. Abar^T
        kernel = torch.einsum("dn,dnt->dt", C * B, powers[..., :time]).real
        from_before = torch.einsum("dn,bdn,dnt->btd", C, h0, powers[..., 1:]).real
        y = causal_convolution(x, kernel) + from_before + self.D * x
        written = torch.einsum("dn,dnt,btd->bdn", B, powers[..., :time].flip(-1), x.to(B.dtype))
        return y, powers[..., time] * h0 + written

    def _check_state(self, state: SSMState, batch: int) -> None:
        check_kind(state, SSMState)
        start = self.initial_state(batch).h
        check_state("state.h", state.h, tuple(start.shape), like=start)

    @staticmethod
    def powers(
        A: Inexact[Tensor, "model states"], count: int
    ) -> Inexact[Tensor, "model states count"]:
        """Return A^0, A^1, ..., by doubling: A^(s+k) = A^s A^k for a block of s at a time."""
        powers = torch.ones_like(A).unsqueeze(-1)
        factor = A.unsqueeze(-1)  # A^s for the s powers found so far
        while powers.shape[-1] < count:
            powers = torch.cat([powers, powers * factor], dim=-1)
            factor = factor * factor
        return powers[..., :count]
