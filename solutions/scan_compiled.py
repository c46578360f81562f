"""The scan h(t) = a(t) h(t-1) + b(t) as machine code, with a backward pass written by hand.

One sweep over time touches every number once, so the floor is the memory's copy bandwidth.
The parallel forms in scan.py read and write the whole sequence several times; on one CPU
core that, and not the number of serial steps, decides the time.

numba compiles the kernels at their first call (about a second) and keeps them on disk.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast, no_type_check

import numba
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import FunctionCtx

Kernel = TypeVar("Kernel", bound=Callable[..., None])


def compiled(reassociate: bool = False) -> Callable[[Kernel], Kernel]:
    """Return a decorator: compile a kernel with numba, kept on disk where that can be written.

    ``reassociate`` allows a sum to be taken in another order, without which a sum does not
    vectorise. Infinities and NaN are respected either way.
    """
    options = {"nogil": True, "fastmath": {"reassoc", "nsz"} if reassociate else False}

    def compile_kernel(function: Kernel) -> Kernel:
        try:
            return cast(Kernel, numba.njit(cache=True, **options)(function))
        except RuntimeError:  # neither the package's folder nor the user's cache is writable
            return cast(Kernel, numba.njit(**options)(function))

    return compile_kernel


# The innermost loops run over adjacent numbers of independent recurrences: these vectorise.
@compiled()
@no_type_check
def _forward(a: NDArray[Any], b: NDArray[Any], h0: NDArray[Any], h: NDArray[Any]) -> None:
    """Fill h with h(t) = a(t) h(t-1) + b(t); a, b, h: (batch, time, dim), h0: (batch, dim)."""
    batch, time, dim = a.shape
    for i in range(batch):
        for d in range(dim):
            h[i, 0, d] = a[i, 0, d] * h0[i, d] + b[i, 0, d]
        for t in range(1, time):
            for d in range(dim):
                h[i, t, d] = a[i, t, d] * h[i, t - 1, d] + b[i, t, d]


@compiled()
@no_type_check
def _backward(
    a: NDArray[Any],
    h: NDArray[Any],
    h0: NDArray[Any],
    grad: NDArray[Any],
    grad_a: NDArray[Any],
    error: NDArray[Any],
    grad_h0: NDArray[Any],
) -> None:
    """Fill error, which is also the gradient by b, and the gradients by a and h0."""
    batch, time, dim = a.shape
    for i in range(batch):
        for d in range(dim):
            error[i, time - 1, d] = grad[i, time - 1, d]
        for t in range(time - 2, -1, -1):
            for d in range(dim):
                error[i, t, d] = grad[i, t, d] + np.conj(a[i, t + 1, d]) * error[i, t + 1, d]
                grad_a[i, t + 1, d] = error[i, t + 1, d] * np.conj(h[i, t, d])
        for d in range(dim):
            grad_a[i, 0, d] = error[i, 0, d] * np.conj(h0[i, d])
            grad_h0[i, d] = error[i, 0, d] * np.conj(a[i, 0, d])


class CompiledScan(torch.autograd.Function):
    """h(t) = a(t) h(t-1) + b(t) and its gradients, (batch, time, dim), real or complex.

    With g(t) the gradient that arrives at h(t) from above, the whole error e(t) at h(t) is
    again a scan, run from the end, and the gradients follow from it (* is the conjugate, 1
    for real numbers):

        e(t) = g(t) + a(t+1)* e(t+1)
        dL/db(t) = e(t),   dL/da(t) = e(t) h(t-1)*,   dL/dh(0) = a(1)* e(1)

    Kept for the backward pass: a, h and h0, linear in time. Takes part in double backward,
    torch.func.grad and vmap: there the same equations run as differentiable operations.
    """

    @staticmethod
    def forward(a: Tensor, b: Tensor, h0: Tensor) -> Tensor:
        given = [_array(x) for x in (a, b, h0)]
        # numpy asks for huge pages where torch does not: fresh memory costs a page fault per
        # page, and for large sequences faults take longer than the arithmetic.
        h = np.empty_like(given[1])
        _forward(*given, h)
        return torch.from_numpy(h)

    @staticmethod
    def setup_context(
        ctx: FunctionCtx, inputs: tuple[Tensor, Tensor, Tensor], output: Tensor
    ) -> None:
        a, _, h0 = inputs
        ctx.save_for_backward(a, output, h0)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        a, h, h0 = ctx.saved_tensors
        if torch.is_grad_enabled():  # someone differentiates this gradient again
            after = torch.cat([a[:, 1:], torch.zeros_like(a[:, :1])], dim=1)
            before = torch.cat([h0.unsqueeze(1), h[:, :-1]], dim=1)
            error = CompiledScan.apply(
                after.conj().flip(1), grad.flip(1), torch.zeros_like(h0)
            ).flip(1)
            return error * before.conj(), error, error[:, 0] * a[:, 0].conj()
        given = [_array(x) for x in (a, h, h0, grad)]
        grad_a, error, grad_h0 = (np.empty_like(given[i]) for i in (0, 0, 2))
        _backward(*given, grad_a, error, grad_h0)
        return torch.from_numpy(grad_a), torch.from_numpy(error), torch.from_numpy(grad_h0)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *inputs: Tensor) -> tuple[Tensor, int]:
        """Scans are independent: a mapped axis is one more batch axis."""
        merged = [
            (
                x.movedim(axis, 0)
                if axis is not None
                else x.unsqueeze(0).expand(info.batch_size, *x.shape)
            ).flatten(0, 1)
            for x, axis in zip(inputs, in_dims, strict=True)
        ]
        return CompiledScan.apply(*merged).unflatten(0, (info.batch_size, -1)), 0


def _array(x: Tensor) -> NDArray[Any]:
    """Return a tensor as a contiguous array, copied only where it has to be."""
    array: NDArray[Any] = x.detach().contiguous().resolve_conj().resolve_neg().numpy()
    return array
