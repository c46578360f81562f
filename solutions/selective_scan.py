"""The selective scan: outputs and gradients with states kept only where a chunk starts.

The states of a selective SSM, (batch, time, dim, states), are ``states`` times larger than
its input. Here they exist for one chunk at a time, small enough to stay in the processor's
cache: forward keeps the state at each chunk's start, backward recomputes the rest from it.

Letters of the equations and names in the code: x = the channels' input, delta = the step
size, A, B, C = the system, h = the state, y = the output, a = exp(delta A), e = ``error``.
"""

from __future__ import annotations

from typing import Any, no_type_check

import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from solutions.checking import single
from solutions.layer import check_state
from solutions.scan import scan
from solutions.scan_compiled import compiled

CHUNK = 32  # steps; longer chunks leave the cache, shorter ones pay more calls


def selective_scan(
    x: Float[Tensor, "batch time dim"],
    delta: Float[Tensor, "batch time dim"],
    A: Float[Tensor, "dim states"],
    B: Float[Tensor, "batch time states"],
    C: Float[Tensor, "batch time states"],
    h0: Float[Tensor, "batch dim states"],
    chunk: int = 64,
) -> tuple[Float[Tensor, "batch time dim"], Float[Tensor, "batch dim states"]]:
    """Return all outputs and the last state of the selective SSM, in memory linear in time.

    h(t) = exp(delta(t) A) h(t-1) + delta(t) x(t) B(t),   y(t) = C(t) . h(t)

    for every channel, with B and C shared by the channels. The states, N times larger than x,
    are not kept for the backward pass but computed again, one chunk at a time, from the state
    at the chunk's start. On a CPU this is the compiled kernel, which does it in one sweep;
    everything else runs ``selective_chunk`` under torch's checkpointing. Half precision is computed
    in float32.
    Raises ValueError or TypeError that names the argument whose shape, dtype or device does
    not go with x and A.
    Source: Gu & Dao 2023, eq. (2), algorithm 2 and section 3.3.2.
    """
    if chunk < 1:
        raise ValueError(f"chunk must be at least 1, got {chunk}")
    if x.ndim != 3 or x.shape[1] == 0:
        raise ValueError(f"x must be (batch, time, dim), time at least 1, got {tuple(x.shape)}")
    if A.ndim != 2 or A.shape[0] != x.shape[2]:
        raise ValueError(f"A must have shape ({x.shape[2]}, states), got {tuple(A.shape)}")
    batch, time, dim = x.shape
    states = A.shape[1]
    for name, value, shape in (
        ("delta", delta, (batch, time, dim)),
        ("A", A, (dim, states)),
        ("B", B, (batch, time, states)),
        ("C", C, (batch, time, states)),
        ("h0", h0, (batch, dim, states)),
    ):
        check_state(name, value, shape, like=x)
    if x.dtype != single(x.dtype):
        exact = (x.float(), delta.float(), A.float(), B.float(), C.float(), h0.float())
        y, h = selective_scan(*exact, chunk)
        return y.to(x.dtype), h.to(x.dtype)
    fits = x.device.type == "cpu" and x.dtype in (torch.float32, torch.float64)
    if fits and not torch.compiler.is_compiling():
        y, h, _ = CompiledSelectiveScan.apply(x, delta, A, B, C, h0)
        return y, h
    outputs, h = [], h0
    pieces = (u.split(chunk, dim=1) for u in (x, delta, B, C))
    for x_c, delta_c, B_c, C_c in zip(*pieces, strict=True):
        y_c, h = checkpoint(selective_chunk, x_c, delta_c, A, B_c, C_c, h, use_reentrant=False)
        outputs.append(y_c)
    return torch.cat(outputs, dim=1), h


def selective_chunk(
    x: Float[Tensor, "batch time dim"],
    delta: Float[Tensor, "batch time dim"],
    A: Float[Tensor, "dim states"],
    B: Float[Tensor, "batch time states"],
    C: Float[Tensor, "batch time states"],
    h0: Float[Tensor, "batch dim states"],
) -> tuple[Float[Tensor, "batch time dim"], Float[Tensor, "batch dim states"]]:
    """The same as one scan over (batch, time, dim, states): the equation, tensor by tensor."""
    decay = (delta.unsqueeze(-1) * A).exp()
    written = (delta * x).unsqueeze(-1) * B.unsqueeze(2)
    h = scan(decay, written, h0)
    return (h @ C.unsqueeze(-1)).squeeze(-1), h[:, -1]


@compiled(reassociate=True)
@no_type_check
def _forward(
    start: int,
    a: NDArray[Any],
    x: NDArray[Any],
    delta: NDArray[Any],
    B: NDArray[Any],
    C: NDArray[Any],
    h: NDArray[Any],
    y: NDArray[Any],
) -> None:
    """Run the chunk from time ``start`` on, with a = exp(delta A) given; update h, fill y."""
    batch, steps, dim, states = a.shape
    for i in range(batch):
        for s in range(steps):
            t = start + s
            for d in range(dim):
                write = delta[i, t, d] * x[i, t, d]
                read = x.dtype.type(0)  # not 0.0, which would make it a float64
                for n in range(states):
                    h[i, d, n] = a[i, s, d, n] * h[i, d, n] + write * B[i, t, n]
                    read += C[i, t, n] * h[i, d, n]
                y[i, t, d] = read


@compiled(reassociate=True)
@no_type_check
def _backward(
    start: int,
    a: NDArray[Any],
    h: NDArray[Any],
    x: NDArray[Any],
    delta: NDArray[Any],
    A: NDArray[Any],
    B: NDArray[Any],
    C: NDArray[Any],
    grad_y: NDArray[Any],
    error: NDArray[Any],
    grad_x: NDArray[Any],
    grad_delta: NDArray[Any],
    grad_A: NDArray[Any],
    grad_B: NDArray[Any],
    grad_C: NDArray[Any],
) -> None:
    """Go back through the chunk; h[:, 0] holds the state before it, the rest is filled here.

    ``error`` comes in as the error at the chunk's last state from the steps after it and goes
    out as the error at the state before the chunk. Gradients by A, B and C are added to.
    """
    batch, steps, dim, states = a.shape
    for i in range(batch):
        for s in range(steps):
            t = start + s
            for d in range(dim):
                write = delta[i, t, d] * x[i, t, d]
                for n in range(states):
                    h[i, s + 1, d, n] = a[i, s, d, n] * h[i, s, d, n] + write * B[i, t, n]
        for s in range(steps - 1, -1, -1):
            t = start + s
            for d in range(dim):
                write = delta[i, t, d] * x[i, t, d]
                grad_write = x.dtype.type(0)
                grad_step = x.dtype.type(0)
                for n in range(states):
                    e = error[i, d, n] + C[i, t, n] * grad_y[i, t, d]
                    grad_C[i, t, n] += h[i, s + 1, d, n] * grad_y[i, t, d]
                    grad_B[i, t, n] += e * write
                    grad_write += e * B[i, t, n]
                    error[i, d, n] = e * a[i, s, d, n]
                    exponent = error[i, d, n] * h[i, s, d, n]  # dL / d(delta A)
                    grad_step += exponent * A[d, n]
                    grad_A[d, n] += exponent * delta[i, t, d]
                grad_x[i, t, d] = grad_write * delta[i, t, d]
                grad_delta[i, t, d] = grad_write * x[i, t, d] + grad_step


class CompiledSelectiveScan(torch.autograd.Function):
    """h(t) = exp(delta(t) A) h(t-1) + delta(t) x(t) B(t),  y(t) = C(t) . h(t), and its gradients.

    x, delta: (batch, time, dim), A: (dim, states), B, C: (batch, time, states), h0: (batch,
    dim, states), all float32 or all float64 on the CPU; returns y and the last state.

    With g(t) the gradient that arrives at y(t), the error at h(t) comes from two sides,

        e(t) = C(t) g(t) + exp(delta(t+1) A) e(t+1)

    and gives dL/dC = g h summed over dim, dL/dB = e delta x summed over dim, and by the
    exponent delta A: e(t) exp(delta(t) A) h(t-1). A derivative that is to be differentiated
    again is taken through ``selective_chunk`` instead, with all states in memory.
    """

    @staticmethod
    def forward(
        x: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, h0: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        x, delta, A, B, C, h = (u.detach().contiguous() for u in (x, delta, A, B, C, h0))
        y, starts = torch.empty_like(x), []
        for start in range(0, x.shape[1], CHUNK):
            starts.append(h)
            h = h.clone()
            a = _decay(delta, A, start)
            _forward(start, *(u.numpy() for u in (a, x, delta, B, C, h, y)))
        return y, h, torch.stack(starts)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: tuple[Tensor, ...]) -> None:
        _, _, starts = output
        ctx.mark_non_differentiable(starts)
        ctx.save_for_backward(*inputs, starts)

    @staticmethod
    def backward(ctx: Any, grad_y: Tensor, grad_h: Tensor, _: Tensor) -> tuple[Tensor, ...]:
        *given, h0, starts = ctx.saved_tensors
        if torch.is_grad_enabled():
            pull_back = torch.func.vjp(selective_chunk, *given, h0)[1]
            gradients: tuple[Tensor, ...] = pull_back((grad_y, grad_h))
            return gradients
        x, delta, A, B, C, grad_y = (u.detach().contiguous() for u in (*given, grad_y))
        error = grad_h.clone(memory_format=torch.contiguous_format)
        filled = (torch.empty_like(x), torch.empty_like(x), *map(torch.zeros_like, (A, B, C)))
        h = x.new_empty(x.shape[0], min(CHUNK, x.shape[1]) + 1, *A.shape)
        for start in reversed(range(0, x.shape[1], CHUNK)):
            h[:, 0] = starts[start // CHUNK]
            a = _decay(delta, A, start)
            everything = (a, h, x, delta, A, B, C, grad_y, error, *filled)
            _backward(start, *(u.numpy() for u in everything))
        return (*filled, error)

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], *inputs: Tensor
    ) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
        """One call per entry of the mapped axis."""
        calls = []
        for i in range(info.batch_size):
            axes = zip(inputs, in_dims, strict=True)
            each = (u if axis is None else u.select(axis, i) for u, axis in axes)
            calls.append(CompiledSelectiveScan.apply(*each))
        return tuple(torch.stack(parts) for parts in zip(*calls, strict=True)), (0, 0, 0)


def _decay(delta: Tensor, A: Tensor, start: int) -> Tensor:
    """Return exp(delta(t) A) for the chunk from ``start`` on: torch's exp is a vectorised one."""
    return (delta[:, start : start + CHUNK].unsqueeze(-1) * A).exp_()
