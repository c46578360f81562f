"""Part 4, Jacobian norms: lag 0, lag 1, then the product."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from autograder.checks import Student, expect, expect_close, expect_shape
from autograder.hidden.rnn_limits.suite import suite
from autograder.hidden.shared.asking import expect_form, in_either, numbers, tolerance
from autograder.hidden.shared.tools import (
    DOUBLE,
    SINGLE,
    Suspects,
    diagnosis,
    normal,
    untouched,
)

NORMS = "jacobian-norms-tests"
Norm = Callable[[Tensor], Tensor]


def spectral(matrix: Tensor) -> Tensor:
    norm: Tensor = torch.linalg.matrix_norm(matrix, ord=2)
    return norm


def true_norms(h: Tensor, U: Tensor) -> Tensor:
    """Differentiate the states by each other with PyTorch, at states that are given."""
    norms = [torch.ones((), dtype=h.dtype)]
    for lag in range(1, len(h)):
        start = torch.zeros_like(h[0]).requires_grad_()
        change = start
        for h_t in h[len(h) - lag :]:
            change = torch.tanh(torch.atanh(h_t) + change @ U.T) - h_t  # zero, with its gradient
        rows = [torch.autograd.grad(c, start, retain_graph=True)[0] for c in change]
        norms.append(spectral(torch.stack(rows)))
    return torch.stack(norms)


# --- typical mistakes -------------------------------------------------------------------------


def along(factors: Sequence[Tensor], norm: Norm = spectral, turned: bool = False) -> Tensor:
    """The norms of 1, F1, F1 F2, F1 F2 F3, ...; with `turned`, of ... F3 F2 F1."""
    product = torch.eye(len(factors[0]), dtype=DOUBLE)
    norms = [norm(product)]
    for factor in factors:
        product = factor @ product if turned else product @ factor
        norms.append(norm(product))
    return torch.stack(norms)


def eigenvalue(matrix: Tensor) -> Tensor:
    largest: Tensor = torch.linalg.eigvals(matrix).abs().max()
    return largest


OTHER_NORMS: dict[str, Norm] = {
    "This is the Frobenius norm; ord=2 gives the spectral norm": torch.linalg.matrix_norm,
    "This is the nuclear norm, the sum of all singular values; the largest one is wanted": (
        lambda m: torch.linalg.matrix_norm(m, ord="nuc")
    ),
    "This is the largest eigenvalue, not the largest singular value": eigenvalue,
    "This is the smallest singular value; the largest one is wanted": (
        lambda m: torch.linalg.matrix_norm(m, ord=-2)
    ),
    "This is the square of the norm": lambda m: spectral(m) ** 2,
    "This is the norm of the largest row": lambda m: torch.linalg.vector_norm(m, dim=1).max(),
    "This is the norm of the largest column": lambda m: torch.linalg.vector_norm(m, dim=0).max(),
    "This is the largest sum of a row; ord=2 gives the spectral norm": (
        lambda m: torch.linalg.matrix_norm(m, ord=math.inf)
    ),
    "This is the largest sum of a column; ord=2 gives the spectral norm": (
        lambda m: torch.linalg.matrix_norm(m, ord=1)
    ),
    "This is the largest entry, not a norm of the matrix": lambda m: m.abs().max(),
    "This is the determinant, not a norm": lambda m: torch.linalg.det(m).abs(),
    "This is the trace, not a norm": torch.trace,
}


def mistakes(h: Tensor, U: Tensor) -> Suspects:
    """All norms, as typical mistakes give them."""
    rows = [(1 - h_t**2).unsqueeze(1) * U for h_t in h]  # J(1) .. J(T)
    back = rows[:0:-1]  # J(T) .. J(2), in the order of the product

    def sloped(slope: Callable[[Tensor], Tensor]) -> Tensor:
        return along([slope(h_t).unsqueeze(1) * U for h_t in h.flip(0)[:-1]])

    right = along(back)
    found = {words: along(back, norm) for words, norm in OTHER_NORMS.items()}
    return found | {
        "The factor 1 - h^2 is missing": along([U] * len(back)),
        "The slope is 1 - h^2, not 1 + h^2": sloped(lambda h: 1 + h**2),
        "The slope is 1 - h^2, not 1 - h": sloped(lambda h: 1 - h),
        "The slope is 1 - h^2; h (1 - h) belongs to the logistic function": (
            sloped(lambda h: h * (1 - h))
        ),
        "The slope is taken at tanh(h); h is already the output of tanh": (
            sloped(lambda h: 1 - torch.tanh(h) ** 2)
        ),
        "The slope is taken at h(T-1); J(T) needs h(T)": along(rows[-2::-1]),
        "The product starts at h(1), the slope is taken there; lag k is counted back from h(T)": (
            along(rows[:-1], turned=True)
        ),
        "The product starts at h(1), and in the wrong order; lag k is counted back from h(T)": (
            along(rows[:-1])
        ),
        "The product starts at h(2), not at h(T); lag k is counted back from h(T)": (
            along(rows[1:], turned=True)
        ),
        "The slope multiplies the columns of U; diag(d) U multiplies its rows": (
            along([(1 - h_t**2) * U for h_t in h.flip(0)[:-1]])
        ),
        "U looks transposed": along([(1 - h_t**2).unsqueeze(1) * U.T for h_t in h.flip(0)[:-1]]),
        "The product is taken in the wrong order: earlier steps stand further right": (
            along(back, turned=True)
        ),
        "This is the product of the norms; the norm of the product is wanted": torch.stack(
            [right[0], *map(spectral, back)]
        ).cumprod(0),
        "This is the norm of each factor by itself; their product is wanted": torch.stack(
            [right[0], *map(spectral, back)]
        ),
        "The slope of the last step is used at every step": along([back[0]] * len(back)),
        "The lags are in reverse order: entry k belongs to lag k": right.flip(0),
        "Entry k belongs to lag k + 1: lag 0, no step at all, comes first": along(rows[::-1])[1:],
        "Lag 0 is no step at all: its norm is 1": torch.cat([0 * right[:1], right[1:]]),
        "The sign is turned round; a norm is never negative": -right,
    }


def run_norms(
    student: Student, h: Tensor, U: Tensor, dtype: torch.dtype | None = None
) -> tuple[Tensor, float]:
    """The numbers for the lags and how close they can be; `norm_form` asks for a tensor."""

    def ask(dtype: torch.dtype) -> Any:
        with torch.no_grad():
            return student.jacobian_norms(h.to(dtype), U.to(dtype))

    answer = ask(dtype) if dtype else in_either(ask)
    norms = numbers(answer)
    if isinstance(norms, Tensor) and norms.numel() == len(h):
        norms = norms.reshape(-1)
    if isinstance(norms, Tensor) and norms.shape == (len(h) - 1,):  # lag 0 is left out
        norms = torch.cat([torch.full((1,), math.nan, dtype=norms.dtype), norms])
    what = f"the result for {len(h)} states"
    expect_shape(norms, (len(h),), what=what, hint="One number for each lag 0 .. T-1 is wanted")
    return norms, tolerance(answer)


def expect_lags(student: Student, h: Tensor, U: Tensor, lags: slice, what: str, hint: str) -> None:
    """Fail unless these lags are right; name the mistake that gives all of the numbers."""
    norms, atol = run_norms(student, h, U)
    wanted, suspects = true_norms(h, U), mistakes(h, U)
    at_these = diagnosis(norms[lags], {w: v[lags] for w, v in suspects.items()}, hint, atol)
    named = diagnosis(norms, suspects, at_these, atol)
    expect_close(norms[lags], wanted[lags], atol=atol, rtol=atol, what=what, hint=named)


def expect_work(norms: Tensor, h: Tensor, U: Tensor, atol: float, otherwise: str) -> None:
    """Fail unless some norm of a product is right, or all are wrong in a way we know.

    Neither a shape nor the 1 of lag 0, which needs no product, is worth anything by itself.
    """
    some = (norms - true_norms(h, U))[1:].abs().min() < atol
    expect(some or diagnosis(norms, mistakes(h, U), "", atol), otherwise)


@suite.check(NORMS, points=0.5, title="a tensor with one number for each lag, of the dtype of h")
def norm_form(student: Student, rng: torch.Generator) -> None:
    h, U = torch.tanh(normal(rng, 5, 3)), normal(rng, 3, 3)
    for dtype in (torch.float64, torch.float32):
        with torch.no_grad():
            norms = student.jacobian_norms(h.to(dtype), U.to(dtype))
        untouched(student, "jacobian_norms")
        hint = "One number for each lag 0 .. T-1 is wanted"
        name = str(dtype).removeprefix("torch.")
        expect_form(norms, h[:, 0].to(dtype), f"for states of {name} the result", hint)
        expect_work(norms.double(), h, U, SINGLE, "the shape is right, but none of the numbers")


@suite.check(NORMS, points=0.5, title="lag 0 is the identity, whose norm is 1")
def lag_zero(student: Student, rng: torch.Generator) -> None:
    h, U = torch.tanh(normal(rng, 6, 4)), normal(rng, 4, 4)
    norms, _ = run_norms(student, h, U)
    expect(not norms[0].isnan(), "there is no number for lag 0, no step at all: its norm is 1")
    hint = "Lag 0 is no step at all: start from the identity, before the first factor"
    expect_lags(student, h, U, slice(0, 1), "entry 0", hint)
    expect_work(norms, h, U, SINGLE, "entry 0 is right, but no lag after it: begin with entry 1")


@suite.check(NORMS, points=0.5, title="one step is the slope at h(T), row by row, times U")
def lag_one(student: Student, rng: torch.Generator) -> None:
    h, U = torch.tanh(normal(rng, 4, 3)), normal(rng, 3, 3)
    hint = "It is the norm of J(T) = diag(1 - h(T)^2) U"
    expect_lags(student, h, U, slice(1, 2), "entry 1", hint)


@suite.check(NORMS, points=0.5, title="longer lags: the product, in the right order")
def product(student: Student, rng: torch.Generator) -> None:
    h, U = torch.tanh(normal(rng, 6, 3)), normal(rng, 3, 3)
    hint = "Entry k is the norm of J(T) J(T-1) ... J(T-k+1)"
    expect_lags(student, h, U, slice(2, 6), "the result from lag 2 on", hint)


@suite.check(NORMS, points=0.5, title="error that grows although all eigenvalues of U are zero")
def without_eigenvalues(student: Student, rng: torch.Generator) -> None:
    size = 2.0 + 2.0 * torch.rand((), generator=rng, dtype=DOUBLE)
    U = size * torch.tensor([[1.0, -1.0], [1.0, -1.0]], dtype=DOUBLE)
    h = torch.tensor([0.0, 1.0], dtype=DOUBLE).expand(21, 2).contiguous()
    norms, atol = run_norms(student, h, U)
    # J = size [[1, -1], [0, 0]], and so J^k = size^k [[1, -1], [0, 0]].
    expected = math.sqrt(2) * size ** torch.arange(21)
    hint = "One of two units is stuck at its limit, which only silences its own row of U"
    what = "the norms from lag 1 on"
    expect_close(norms[1:], expected[1:], atol=0, rtol=10 * atol, what=what, hint=hint)


@suite.check(NORMS, points=0.5, title="edges: one state, one unit, norms near zero, float32")
def norm_edges(student: Student, rng: torch.Generator) -> None:
    h, U = torch.tanh(normal(rng, 5, 1)), -0.5 - torch.rand(1, 1, generator=rng, dtype=DOUBLE)
    hint = "With one unit it is the product of |u (1 - h^2)|; a norm is never negative"
    expect_lags(student, h, U, slice(1, 5), "the result for one unit", hint)
    run_norms(student, torch.tanh(normal(rng, 1, 4)), normal(rng, 4, 4))  # a single state
    h, U = torch.tanh(normal(rng, 21, 3)), 0.01 * normal(rng, 3, 3)
    norms, atol = run_norms(student, h, U)
    wanted = true_norms(h, U)
    hint = "However small, a norm is what it is: is there a lower limit, or something added?"
    relative = {words: norms / wanted for words, norms in mistakes(h, U).items()}
    named = diagnosis(norms[1:] / wanted[1:], {w: v[1:] for w, v in relative.items()}, hint, atol)
    what = "the result where it fades"
    # A product of matrices loses a little of its relative precision with each factor.
    expect_close(norms[1:], wanted[1:], atol=0, rtol=1e3 * atol, what=what, hint=named)
    h, U = torch.tanh(normal(rng, 8, 3)), 0.5 * normal(rng, 3, 3)
    norms, _ = run_norms(student, h, U, torch.float32)
    wanted, what = true_norms(h, U), "the result in float32"
    expect_close(norms[1:], wanted[1:], atol=SINGLE, rtol=SINGLE, what=what)
