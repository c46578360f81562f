"""xLSTM: LSTMs with exponential gates, and the stabiliser state that keeps them finite.

An exponential input gate can outvote everything stored before, which a sigmoid cannot. It
also overflows. So the cell and its normaliser are kept divided by exp(m), where the
stabiliser m(t) is the largest exponent so far; every ratio read out stays the same.

Letters of the equations and names in the code: i, f, o = the gates, written with their
pre-activations a_i, a_f; c or C = the cell (a vector, or a matrix), n = the normaliser,
m = the stabiliser, q, k, v = query, key and value.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from solutions.checking import check_form, check_kind, single
from solutions.layer import SequenceLayer, check_sequence, check_state, check_token, unroll

# m before the first token: an empty memory never is the largest exponent.
NOTHING_STORED = -1e30


class SLSTMState(NamedTuple):
    """Cell and normaliser divided by exp(m), the stabiliser m, and the last output h."""

    c: Float[Tensor, "batch hidden"]
    n: Float[Tensor, "batch hidden"]
    m: Float[Tensor, "batch hidden"]
    h: Float[Tensor, "batch hidden"]


class SLSTM(SequenceLayer[SLSTMState]):
    """The scalar xLSTM cell: exponential gates, a normaliser, and memory mixing within heads.

    z = tanh(a_z),  i = exp(a_i),  f = sigmoid(a_f),  o = sigmoid(a_o),  a = W x(t) + R h(t-1) + b
    c(t) = f c(t-1) + i z,   n(t) = f n(t-1) + i,   y(t) = h(t) = o c(t) / n(t)

    stabilised:  m(t) = max(log f + m(t-1), a_i),
                 f' = exp(log f + m(t-1) - m(t)),  i' = exp(a_i - m(t))  in place of f and i

    R is block-diagonal, one block per head. Because h(t-1) enters the gates, there is no
    parallel form: ``forward`` is a loop with the input's share hoisted out of it.
    x: (batch, time, input), y: (batch, time, hidden). Raises ValueError or TypeError that
    names the argument whose shape, dtype or device is wrong. Source: Beck et al. 2024,
    eq. (8) to (17).
    """

    def __init__(self, input_size: int, hidden_size: int, num_heads: int = 1) -> None:
        super().__init__()
        if input_size < 1 or num_heads < 1 or hidden_size < 1 or hidden_size % num_heads:
            raise ValueError(
                "sizes must be at least 1 and hidden_size a multiple of num_heads, "
                f"got {input_size}, {hidden_size} and {num_heads}"
            )
        self.input_size, self.hidden_size, self.num_heads = input_size, hidden_size, num_heads
        head = hidden_size // num_heads
        self.input = nn.Linear(input_size, 4 * hidden_size)
        bound = 1 / math.sqrt(head)
        self.recurrent = nn.Parameter(  # (4 gates, heads, from, to)
            torch.empty(4, num_heads, head, head).uniform_(-bound, bound)
        )

    def initial_state(self, batch: int) -> SLSTMState:
        """Return an empty memory: c, n and h zero, m so low that any token outvotes it."""
        zeros = self.recurrent.new_zeros(batch, self.hidden_size)
        lowest = max(NOTHING_STORED, torch.finfo(zeros.dtype).min)
        return SLSTMState(zeros, zeros.clone(), torch.full_like(zeros, lowest), zeros.clone())

    def step(
        self, x: Float[Tensor, "batch input"], state: SLSTMState
    ) -> tuple[Float[Tensor, "batch hidden"], SLSTMState]:
        """Read one token; return its output and the new state."""
        check_token("x", x, self.input_size, like=self.recurrent)
        self._check_state(state, x.shape[0])
        return self._cell(self.input(x), state)

    def forward(
        self, x: Float[Tensor, "batch time input"], state: SLSTMState | None = None
    ) -> tuple[Float[Tensor, "batch time hidden"], SLSTMState]:
        """Read a whole sequence; ``state`` carries on from an earlier chunk."""
        check_sequence("x", x, self.input_size, like=self.recurrent)
        state = self.initial_state(x.shape[0]) if state is None else state
        self._check_state(state, x.shape[0])
        outputs = []
        for from_input in self.input(x).unbind(1):
            h, state = self._cell(from_input, state)
            outputs.append(h)
        return torch.stack(outputs, dim=1), state

    def _cell(self, from_input: Tensor, state: SLSTMState) -> tuple[Tensor, SLSTMState]:
        heads = state.h.unflatten(-1, (self.num_heads, -1))
        from_state = torch.einsum("bhj,ghjk->bghk", heads, self.recurrent).flatten(1)
        a_z, a_i, a_f, a_o = (from_input + from_state).chunk(4, dim=-1)
        log_f = F.logsigmoid(a_f)
        m = torch.maximum(log_f + state.m, a_i)
        f, i = (log_f + state.m - m).exp(), (a_i - m).exp()
        c = f * state.c + i * torch.tanh(a_z)
        n = f * state.n + i
        h = torch.sigmoid(a_o) * c / n
        return h, SLSTMState(c, n, m, h)

    def _check_state(self, state: SLSTMState, batch: int) -> None:
        check_kind(state, SLSTMState)
        for name, value in zip(state._fields, state, strict=True):
            check_state(f"state.{name}", value, (batch, self.hidden_size), self.recurrent)


class MLSTMState(NamedTuple):
    """Matrix cell and normaliser, both divided by exp(m), and the stabiliser m."""

    C: Float[Tensor, "batch heads key value"]
    n: Float[Tensor, "batch heads key"]
    m: Float[Tensor, "batch heads"]


class MLSTM(SequenceLayer[MLSTMState]):
    """The matrix xLSTM cell: stores value under key, reads by query, forgets by a scalar gate.

    q = W_q x,  k = W_k x / sqrt(head),  v = W_v x  in heads,  i = exp(a_i),  f = sigmoid(a_f)
    C(t) = f C(t-1) + i k v^T,   n(t) = f n(t-1) + i k
    y(t) = o * C(t)^T q / max(|n(t) . q|, 1),   o = sigmoid(W_o x + b_o)

    Stabilised as above, C and n hold their values divided by exp m and 1 becomes exp(-m); so
    that this cannot overflow in its turn, m has a floor: m(t) = max(log f + m(t-1), a_i, 0).
    No gate looks at the state, so there are three forms (see ``_parallel``); a chunk is one
    parallel piece. x: (batch, time, input), y: (batch, time, hidden). Raises ValueError or
    TypeError that names the argument whose shape, dtype or device is wrong.
    Source: Beck et al. 2024, eq. (19) to (27) and appendix A.3 (C is transposed here).
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_heads: int = 1,
        form: Literal["recurrent", "parallel", "chunked"] = "chunked",
        chunk: int = 64,
    ) -> None:
        super().__init__()
        if input_size < 1 or num_heads < 1 or hidden_size < 1 or hidden_size % num_heads:
            raise ValueError(
                "sizes must be at least 1 and hidden_size a multiple of num_heads, "
                f"got {input_size}, {hidden_size} and {num_heads}"
            )
        check_form(form, chunk)
        self.input_size, self.hidden_size, self.num_heads = input_size, hidden_size, num_heads
        self.head, self.form, self.chunk = hidden_size // num_heads, form, chunk
        self.qkv = nn.Linear(input_size, 3 * hidden_size)
        self.gates = nn.Linear(input_size, 2 * num_heads)  # a_i and a_f, one each per head
        self.output_gate = nn.Linear(input_size, hidden_size)

    def initial_state(self, batch: int) -> MLSTMState:
        """Return an empty memory: C, n and m zero."""
        C = self.qkv.weight.new_zeros(batch, self.num_heads, self.head, self.head)
        return MLSTMState(C, C[..., 0].clone(), C[..., 0, 0].clone())

    def step(
        self, x: Float[Tensor, "batch input"], state: MLSTMState
    ) -> tuple[Float[Tensor, "batch hidden"], MLSTMState]:
        """Read one token: fade the memory, store v under k, read by q."""
        check_token("x", x, self.input_size, like=self.qkv.weight)
        self._check_state(state, x.shape[0])
        q, k, v = self.qkv(x).unflatten(-1, (3, self.num_heads, self.head)).unbind(1)
        k = k / math.sqrt(self.head)
        a_i, a_f = self.gates(x).chunk(2, dim=-1)
        log_f = F.logsigmoid(a_f)
        m = torch.maximum(log_f + state.m, a_i).clamp(min=0)
        f, i = (log_f + state.m - m).exp()[..., None], (a_i - m).exp()[..., None]
        C = f[..., None] * state.C + i[..., None] * k.unsqueeze(-1) * v.unsqueeze(-2)
        n = f * state.n + i * k
        size = torch.maximum((n * q).sum(-1).abs(), (-m).exp())
        y = torch.einsum("bhkv,bhk->bhv", C, q) / size.unsqueeze(-1)
        return torch.sigmoid(self.output_gate(x)) * y.flatten(1), MLSTMState(C, n, m)

    def forward(
        self, x: Float[Tensor, "batch time input"], state: MLSTMState | None = None
    ) -> tuple[Float[Tensor, "batch time hidden"], MLSTMState]:
        """Read a whole sequence in the layer's ``form``; ``state`` carries on."""
        check_sequence("x", x, self.input_size, like=self.qkv.weight)
        state = self.initial_state(x.shape[0]) if state is None else state
        self._check_state(state, x.shape[0])
        if self.form == "recurrent":
            return unroll(self, x, state)
        outputs = []
        for piece in x.split(x.shape[1] if self.form == "parallel" else self.chunk, dim=1):
            y, state = self._parallel(piece, state)
            outputs.append(y)
        return torch.cat(outputs, dim=1), state

    def _parallel(self, x: Tensor, state: MLSTMState) -> tuple[Tensor, MLSTMState]:
        """All tokens at once. With F(t) = log f(1) + ... + log f(t), token s counts at t with

            exp( F(t) - F(s) + a_i(s) - m(t) ),
            m(t) = F(t) + max( m(0), max_{s<=t} (max(a_i(s), 0) - F(s)) )

        and what was stored before the first token counts with exp( F(t) + m(0) - m(t) ).
        """
        given, exact = state.C.dtype, single(state.C.dtype)  # sums over time: float32 at least
        state = MLSTMState(*(s.to(exact) for s in state))
        heads = self.qkv(x).to(exact).unflatten(-1, (3, self.num_heads, self.head))
        q, k, v = heads.permute(2, 0, 3, 1, 4)  # (batch, heads, time, head) each
        k = k / math.sqrt(self.head)
        # (batch, heads, time) each
        a_i, a_f = self.gates(x).to(exact).transpose(1, 2).chunk(2, dim=1)
        log_F = F.logsigmoid(a_f).cumsum(-1)
        m0 = state.m.unsqueeze(-1)
        highest = torch.cat([m0, a_i.clamp(min=0) - log_F], dim=-1).cummax(-1).values[..., 1:]
        m = log_F + highest
        future = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device).triu(1)
        exponent = (a_i - log_F).unsqueeze(-2) - highest.unsqueeze(-1)  # (..., t, s)
        scores = (q @ k.transpose(-1, -2)) * exponent.masked_fill(future, -math.inf).exp()
        before = (m0 - highest).exp().unsqueeze(-1)
        numerator = scores @ v + before * (q @ state.C)
        read = scores.sum(-1) + (before * (q @ state.n.unsqueeze(-1))).squeeze(-1)
        y = numerator / torch.maximum(read.abs(), (-m).exp()).unsqueeze(-1)
        # What each token and the old memory still count for after the last token.
        stored = (a_i - log_F - highest[..., -1:]).exp().unsqueeze(-1) * k
        C = stored.transpose(-1, -2) @ v + before[..., -1:, :] * state.C
        n = stored.sum(-2) + before[..., -1, :] * state.n
        o = torch.sigmoid(self.output_gate(x))
        last = MLSTMState(*(s.to(given) for s in (C, n, m[..., -1])))
        return o * y.to(given).transpose(1, 2).flatten(2), last

    def _check_state(self, state: MLSTMState, batch: int) -> None:
        check_kind(state, MLSTMState)
        shape = (batch, self.num_heads, self.head)
        check_state("state.C", state.C, (*shape, self.head), self.qkv.weight)
        check_state("state.n", state.n, shape, self.qkv.weight)
        check_state("state.m", state.m, shape[:2], self.qkv.weight)
