"""The linear recurrence h(t) = a(t) h(t-1) + b(t), computed in six ways.

Gated networks without a nonlinearity between one state and the next (minGRU, S4, Mamba) are
this recurrence. It looks serial, but its steps compose: "multiply by a, then add b" followed
by "multiply by a', then add b'" is again one such step,

    (a, b) then (a', b')  =  (a' a, a' b + b')                                           (*)

and that operation is associative, so a tree of it gives all T states in O(log T) rounds.

In every function a and b have shape (batch, time, ...), h0 (the state before the first step,
zeros if None) has shape (batch, ...), and the result holds h(1) .. h(T), (batch, time, ...).
Every entry after the time axis is a recurrence of its own.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Inexact
from torch import Tensor

from solutions.checking import single
from solutions.scan_compiled import CompiledScan

COMPILED_DTYPES = (torch.float32, torch.float64, torch.complex64, torch.complex128)


def scan(
    a: Inexact[Tensor, "batch time *dims"],
    b: Inexact[Tensor, "batch time *dims"],
    h0: Inexact[Tensor, "batch *dims"] | None = None,
) -> Inexact[Tensor, "batch time *dims"]:
    """Return all states of h(t) = a(t) h(t-1) + b(t) by the fastest exact form at hand.

    On a CPU this is the compiled kernel, at every length. One sweep reads a and b and writes
    h once; the parallel forms pass over memory several times, and on one core their fewer
    serial steps buy nothing: a serial step of the kernel costs nanoseconds, not the
    microseconds of a Python step. So it is faster than the loop from a few steps on, at small
    and at large sizes (``make bench-layers`` measures both).

    Elsewhere (GPU, inside torch.compile) it is ``odd_even_scan``: a few times log2(T) operations
    instead of T, each over many numbers, and twice the loop's arithmetic. Half precision is
    computed in float32.

    Memory kept for the backward pass is linear in time. Raises ValueError or TypeError when
    shapes, dtypes or devices of a, b and h0 do not go together, or time is 0.
    """
    h0 = check_scan(a, b, h0)
    if a.dtype != single(a.dtype):
        return scan(a.float(), b.float(), h0.float()).to(a.dtype)
    if a.device.type != "cpu" or a.dtype not in COMPILED_DTYPES or torch.compiler.is_compiling():
        return odd_even_scan(a, b, h0)
    batch, time, dim = *a.shape[:2], math.prod(a.shape[2:])  # -1 is no size of an empty batch
    h: Tensor = CompiledScan.apply(
        a.reshape(batch, time, dim), b.reshape(batch, time, dim), h0.reshape(batch, dim)
    )
    return h.view(b.shape)


def sequential_scan(
    a: Inexact[Tensor, "batch time *dims"],
    b: Inexact[Tensor, "batch time *dims"],
    h0: Inexact[Tensor, "batch *dims"] | None = None,
) -> Inexact[Tensor, "batch time *dims"]:
    """Return all states step by step: the definition. T serial steps, 2 T operations."""
    h = check_scan(a, b, h0)
    states = []
    # unbind, not a[:, t]: the backward pass of T slices costs T**2.
    for a_t, b_t in zip(a.unbind(1), b.unbind(1), strict=True):
        h = a_t * h + b_t
        states.append(h)
    return torch.stack(states, dim=1)


def hillis_steele_scan(
    a: Inexact[Tensor, "batch time *dims"],
    b: Inexact[Tensor, "batch time *dims"],
    h0: Inexact[Tensor, "batch *dims"] | None = None,
) -> Inexact[Tensor, "batch time *dims"]:
    """Return all states in log2(T) rounds: in round k every step absorbs the one 2^k before it.

    After the round with shift s, (a, b) at t stand for the last 2 s steps up to t, by (*).
    Few rounds, but 3 T log2(T) operations. Source: Hillis & Steele 1986.
    """
    h0 = check_scan(a, b, h0)
    shift = 1
    while shift < a.shape[1]:
        b = torch.cat([b[:, :shift], a[:, shift:] * b[:, :-shift] + b[:, shift:]], dim=1)
        a = torch.cat([a[:, :shift], a[:, shift:] * a[:, :-shift]], dim=1)
        shift *= 2
    return a * h0.unsqueeze(1) + b


def odd_even_scan(
    a: Inexact[Tensor, "batch time *dims"],
    b: Inexact[Tensor, "batch time *dims"],
    h0: Inexact[Tensor, "batch *dims"] | None = None,
) -> Inexact[Tensor, "batch time *dims"]:
    """Return all states by halving: join neighbours by (*), solve half the length, fill in.

    Counting steps from 0, the pairs (0, 1), (2, 3), ... form a recurrence of half the length
    whose states are h(1), h(3), ...; one plain step from each gives h(2), h(4), ...
    O(log T) rounds and O(T) operations. Source: Blelloch 1990 (work-efficient scan).
    """
    h0 = check_scan(a, b, h0)
    time = a.shape[1]
    first = a[:, :1] * h0.unsqueeze(1) + b[:, :1]
    if time == 1:
        return first
    even_a, even_b = a[:, : time - 1 : 2], b[:, : time - 1 : 2]
    odd_a, odd_b = a[:, 1::2], b[:, 1::2]
    odd_h = odd_even_scan(odd_a * even_a, odd_a * even_b + odd_b, h0)
    later = a[:, 2::2] * odd_h[:, : (time - 1) // 2] + b[:, 2::2]
    even_h = torch.cat([first, later], dim=1)
    pairs = torch.stack([even_h[:, : time // 2], odd_h], dim=2).flatten(1, 2)
    return pairs if time % 2 == 0 else torch.cat([pairs, even_h[:, -1:]], dim=1)


def two_level_scan(
    a: Inexact[Tensor, "batch time *dims"],
    b: Inexact[Tensor, "batch time *dims"],
    h0: Inexact[Tensor, "batch *dims"] | None = None,
    block: int | None = None,
) -> Inexact[Tensor, "batch time *dims"]:
    """Return all states by cutting time into blocks that run side by side.

    With h(t) inside a block started from zero and A(t) the product of a since the block's
    start, the true state is  h(t) + A(t) H,  H the true state at the end of the block before;
    H follows from a short scan over the blocks' ends. With blocks of sqrt(T) steps (the
    default) there are 2 sqrt(T) serial steps and about 5 T operations.
    """
    h0 = check_scan(a, b, h0)
    time = a.shape[1]
    block = math.isqrt(time - 1) + 1 if block is None else block
    if block < 1:
        raise ValueError(f"block must be at least 1, got {block}")
    missing = -time % block
    if missing:  # steps that multiply by 1 and add 0 leave the state alone
        shape = (a.shape[0], missing, *a.shape[2:])
        a = torch.cat([a, a.new_ones(shape)], dim=1)
        b = torch.cat([b, b.new_zeros(shape)], dim=1)
    a, b = a.unflatten(1, (-1, block)), b.unflatten(1, (-1, block))  # (batch, blocks, block, ...)
    h, product = torch.zeros_like(b[:, :, 0]), torch.ones_like(a[:, :, 0])
    states, products = [], []
    for a_t, b_t in zip(a.unbind(2), b.unbind(2), strict=True):
        h, product = a_t * h + b_t, a_t * product
        states.append(h)
        products.append(product)
    ends = sequential_scan(product, h, h0)
    starts = torch.cat([h0.unsqueeze(1), ends[:, :-1]], dim=1).unsqueeze(2)
    whole = torch.stack(states, dim=2) + torch.stack(products, dim=2) * starts
    return whole.flatten(1, 2)[:, :time]


def log_space_scan(
    log_a: Float[Tensor, "batch time *dims"],
    log_b: Float[Tensor, "batch time *dims"],
    log_h0: Float[Tensor, "batch *dims"] | None = None,
) -> Float[Tensor, "batch time *dims"]:
    """Return all states, not their logarithms, where a, b and h0 are positive and come as logs.

    With A(t) = log a(1) + ... + log a(t), dividing the recurrence by exp A(t) leaves a sum:

        log h(t) = A(t) + log( h(0) + sum_{s<=t} exp(log b(s) - A(s)) )

    a cumulative sum and a cumulative log-sum-exp, which cannot overflow although exp(-A) can.
    But it is not the precise form: A(t) grows with t, and its rounding with it. In float32, with
    gates around 1/2, a state is off by 2e-4 of itself after 2,048 steps and by nearly 1e-2 after
    65,536, where ``scan`` stays at 3e-7. Half precision is computed in float32.
    Source: Heinsen 2023; Feng et al. 2024 (minGRU), appendix B.
    """
    start = torch.zeros_like(log_b[:, 0]) if log_h0 is None else log_h0
    check_scan(log_a, log_b, start)
    if log_a.dtype != single(log_a.dtype):
        exact = None if log_h0 is None else log_h0.float()
        return log_space_scan(log_a.float(), log_b.float(), exact).to(log_a.dtype)
    total = log_a.cumsum(dim=1)
    terms = log_b - total
    if log_h0 is None:
        return (total + terms.logcumsumexp(dim=1)).exp()
    terms = torch.cat([log_h0.unsqueeze(1), terms], dim=1)
    return (total + terms.logcumsumexp(dim=1)[:, 1:]).exp()


def check_scan(a: Tensor, b: Tensor, h0: Tensor | None) -> Tensor:
    """Raise unless a, b and h0 go together; return h0, zeros if it was None."""
    if a.ndim < 2 or a.shape[1] == 0:
        raise ValueError(f"a must be (batch, time, ...), time at least 1, got {tuple(a.shape)}")
    if b.shape != a.shape:
        raise ValueError(f"b must have a's shape {tuple(a.shape)}, got {tuple(b.shape)}")
    h0 = torch.zeros_like(b[:, 0]) if h0 is None else h0
    if h0.shape != b[:, 0].shape:
        raise ValueError(f"h0 must have shape {tuple(b[:, 0].shape)}, got {tuple(h0.shape)}")
    for name, value in (("b", b), ("h0", h0)):
        if value.dtype != a.dtype:
            raise TypeError(f"{name} must be {a.dtype} as a is, got {value.dtype}")
        if value.device != a.device:
            raise ValueError(f"{name} must be on {a.device} as a is, got {value.device}")
    return h0
