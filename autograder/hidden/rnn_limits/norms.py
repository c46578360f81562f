"""Part 4, Jacobian norms: lag 0, lag 1, then the product."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from autograder.checks import (
    Student,
    expect_close,
    expect_shape,
)
from autograder.hidden.rnn_limits.suite import suite
from autograder.hidden.shared.tools import (
    ATOL,
    DOUBLE,
    SINGLE,
    diagnosis,
    normal,
    untouched,
)

NORMS = "jacobian-norms-tests"


def run_norms(student: Student, h: Tensor, U: Tensor) -> Tensor:
    with torch.no_grad():
        norms = student.jacobian_norms(h, U)
    untouched(student, "jacobian_norms")
    expect_shape(
        norms,
        (h.shape[0],),
        what=f"the result for {h.shape[0]} states",
        hint="One number for each lag 0 .. T-1 is wanted",
    )
    assert isinstance(norms, Tensor)
    return norms


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


@suite.check(NORMS, points=0.5, title="one number per lag, and lag 0 is the identity")
def lag_zero(student: Student, rng: torch.Generator) -> None:
    h = torch.tanh(normal(rng, 6, 4))
    norms = run_norms(student, h, normal(rng, 4, 4))
    hint = diagnosis(
        norms[0],
        {
            "This is the Frobenius norm; ord=2 gives the spectral norm": torch.tensor(2.0).double(),
            "Lag 0 is no step at all: its norm is 1": torch.tensor(0.0).double(),
        },
        "Lag 0 is no step at all: start from the identity, before the first factor",
    )
    expect_close(norms[0], torch.tensor(1.0).double(), atol=ATOL, what="entry 0", hint=hint)


@suite.check(NORMS, points=0.5, title="one step is the slope at h(T), row by row, times U")
def lag_one(student: Student, rng: torch.Generator) -> None:
    h, U = torch.tanh(normal(rng, 4, 3)), normal(rng, 3, 3)
    norms = run_norms(student, h, U)
    slope = 1 - h**2
    suspects = {
        "The factor 1 - h^2 is missing": spectral(U),
        "The slope is taken at h(T-1); J(T) needs h(T)": spectral(slope[-2].unsqueeze(1) * U),
        "The slope is taken at h(1): h[-1] is the last state": spectral(slope[0].unsqueeze(1) * U),
        "The slope multiplies the columns of U; diag(d) U multiplies its rows": spectral(
            slope[-1] * U
        ),
        "U looks transposed": spectral(slope[-1].unsqueeze(1) * U.T),
        "This is the Frobenius norm; ord=2 gives the spectral norm": torch.linalg.matrix_norm(
            slope[-1].unsqueeze(1) * U
        ),
        "This is the largest eigenvalue, not the largest singular value": torch.linalg.eigvals(
            slope[-1].unsqueeze(1) * U
        )
        .abs()
        .max(),
        "This belongs to lag 2": true_norms(h, U)[2],
    }
    expect_close(
        norms[1],
        true_norms(h, U)[1],
        atol=ATOL,
        rtol=ATOL,
        what="entry 1",
        hint=diagnosis(norms[1], suspects, "It is the norm of J(T) = diag(1 - h(T)^2) U"),
    )


@suite.check(NORMS, points=1, title="longer lags: the product, in the right order")
def product(student: Student, rng: torch.Generator) -> None:
    h, U = torch.tanh(normal(rng, 6, 3)), normal(rng, 3, 3)
    norms = run_norms(student, h, U)
    factors = [(1 - h_t**2).unsqueeze(1) * U for h_t in h.flip(0)[:-1]]  # J(T), J(T-1), ...
    one = torch.ones((), dtype=DOUBLE)
    turned, single, from_start = torch.eye(3).double(), one, torch.eye(3).double()
    wrong: list[list[Tensor]] = [[one], [one], [one], [one]]
    for lag, factor in enumerate(factors, 1):
        turned, single = factor @ turned, single * spectral(factor)
        from_start = ((1 - h[lag - 1] ** 2).unsqueeze(1) * U) @ from_start
        same = torch.linalg.matrix_power(factors[0], lag)
        for kind, value in zip(
            wrong, (spectral(turned), single, spectral(from_start), spectral(same)), strict=True
        ):
            kind.append(value)
    expected = true_norms(h, U)
    suspects = dict(
        zip(
            (
                "The product is taken in the wrong order: earlier steps stand further right",
                "This is the product of the norms; the norm of the product is wanted",
                "The product starts at h(1); lag k is counted back from h(T)",
                "The slope of the last step is used at every step",
            ),
            map(torch.stack, wrong),
            strict=True,
        )
    ) | {"The lags are in reverse order: entry k belongs to lag k": expected.flip(0)}
    expect_close(
        norms,
        expected,
        atol=ATOL,
        rtol=ATOL,
        what="the result",
        hint=diagnosis(norms, suspects, "Entry k is the norm of J(T) J(T-1) ... J(T-k+1)"),
    )


@suite.check(NORMS, points=0.5, title="error that grows although all eigenvalues of U are zero")
def without_eigenvalues(student: Student, rng: torch.Generator) -> None:
    size = 2.0 + 2.0 * torch.rand((), generator=rng, dtype=DOUBLE)
    U = size * torch.tensor([[1.0, -1.0], [1.0, -1.0]], dtype=DOUBLE)
    h = torch.tensor([0.0, 1.0], dtype=DOUBLE).expand(21, 2).contiguous()
    norms = run_norms(student, h, U)
    # J = size [[1, -1], [0, 0]], and so J^k = size^k [[1, -1], [0, 0]].
    expected = math.sqrt(2) * size ** torch.arange(21)
    expect_close(
        norms[1:],
        expected[1:],
        atol=0,
        rtol=1e-9,
        what="the norms from lag 1 on",
        hint="One of two units is stuck at its limit, which only silences its own row of U",
    )


@suite.check(NORMS, points=0.5, title="edges: one state, one unit, float32")
def norm_edges(student: Student, rng: torch.Generator) -> None:
    h, U = torch.tanh(normal(rng, 5, 1)), -0.5 - torch.rand(1, 1, generator=rng, dtype=DOUBLE)
    norms = run_norms(student, h, U)
    expect_close(
        norms,
        true_norms(h, U),
        atol=ATOL,
        rtol=ATOL,
        what="the result for one unit",
        hint="With one unit it is the product of |u (1 - h^2)|; a norm is never negative",
    )
    norms = run_norms(student, torch.tanh(normal(rng, 1, 4)), normal(rng, 4, 4))
    expect_close(norms, torch.ones(1).double(), atol=ATOL, what="the result for a single state")
    h, U = torch.tanh(normal(rng, 8, 3)), 0.5 * normal(rng, 3, 3)
    expect_close(
        run_norms(student, h.float(), U.float()),
        true_norms(h, U).float(),
        atol=SINGLE,
        rtol=SINGLE,
        what="the result in float32",
        hint="The dtype should be that of h",
    )
