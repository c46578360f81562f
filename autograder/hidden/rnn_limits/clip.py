"""Part 5, clipping: together, only when too long, and without touching the arguments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from autograder.checks import (
    CheckFailure,
    Remote,
    Student,
    expect,
    expect_close,
    expect_shape,
)
from autograder.hidden.rnn_limits.suite import suite
from autograder.hidden.shared.tools import (
    DOUBLE,
    diagnosis,
    normal,
    untouched,
)

CLIP = "clip-gradients-tests"


def some_gradients(rng: torch.Generator) -> list[Tensor]:
    return [normal(rng, 3, 2), normal(rng, 4), normal(rng), normal(rng, 2, 1, 3)]


def flat(gradients: Sequence[Tensor]) -> Tensor:
    return torch.cat([gradient.flatten() for gradient in gradients])


def total_norm(gradients: Sequence[Tensor]) -> Tensor:
    norm: Tensor = torch.linalg.vector_norm(flat(gradients))
    return norm


def run_clip(
    student: Student, gradients: Sequence[Tensor], max_norm: float
) -> tuple[list[Tensor], Any]:
    with torch.no_grad():
        result = student.clip_gradients(list(gradients), max_norm)
    expect(
        isinstance(result, tuple) and len(result) == 2 and isinstance(result[0], list | tuple),
        "clip_gradients should return a pair: the list of scaled gradients, and the norm",
    )
    clipped, norm = result
    expect(
        len(clipped) == len(gradients),
        f"{len(gradients)} gradients went in, {len(clipped)} came back",
    )
    for mine, given in zip(clipped, gradients, strict=True):
        expect_shape(mine, given.shape, what="a scaled gradient", hint="Shapes stay as they are")
    return list(clipped), norm


@suite.check(CLIP, points=1, title="long gradients are shortened together, the direction kept")
def common_norm(student: Student, rng: torch.Generator) -> None:
    gradients, limit = some_gradients(rng), 0.7
    gradients[1] = 0.01 * gradients[1]  # one tensor alone would be short enough
    n = total_norm(gradients)
    clipped, _ = run_clip(student, gradients, limit)
    actual = flat(clipped)
    suspects = {
        "Nothing is clipped": flat(gradients),
        "Each tensor is clipped by its own norm; the norm of all entries together counts": flat(
            [g * min(1.0, limit / g.norm().item()) for g in gradients]
        ),
        "The values are cut off one by one, which turns the direction": flat(gradients).clamp(
            -limit, limit
        ),
        "The norms of the tensors are added; their squares should be": flat(gradients)
        * (limit / sum(g.norm() for g in gradients)),
        "The root is missing: n is the square root of the sum of squares": flat(gradients)
        * (limit / n**2),
        "The gradients have norm 1 now; max_norm is forgotten": flat(gradients) / n,
        "The largest entry is used instead of the norm": flat(gradients)
        * (limit / flat(gradients).abs().max()),
    }
    # Adding something like 1e-6 to n against a division by zero is good practice, too.
    expect_close(
        actual,
        flat(gradients) * (limit / n),
        atol=0,
        rtol=1e-5,
        what="the scaled gradient",
        hint=diagnosis(actual, suspects, "Every entry is multiplied by max_norm / n"),
    )


@suite.check(CLIP, points=0.5, title="short gradients stay as they are")
def short_gradients(student: Student, rng: torch.Generator) -> None:
    gradients = some_gradients(rng)
    limit = 1.5 * total_norm(gradients).item()
    clipped, _ = run_clip(student, gradients, limit)
    scaled = flat(gradients) * 1.5
    hint = diagnosis(
        flat(clipped),
        {"Small gradients are scaled up: the factor is never above 1": scaled},
        "The norm is below max_norm, so the factor is 1",
    )
    expect_close(flat(clipped), flat(gradients), atol=0, rtol=1e-5, what="the gradient", hint=hint)


@suite.check(CLIP, points=0.5, title="the norm before clipping comes back")
def returned_norm(student: Student, rng: torch.Generator) -> None:
    gradients = some_gradients(rng)
    n = total_norm(gradients)
    for limit in (0.4 * n.item(), 2.0 * n.item()):
        _, norm = run_clip(student, gradients, limit)
        actual = torch.as_tensor(norm, dtype=DOUBLE) if isinstance(norm, int | float) else norm
        suspects = {
            "This is the norm after clipping": torch.tensor(limit, dtype=DOUBLE),
            "This is the squared norm": n**2,
            "This is the sum of the tensors' norms": sum(
                (g.norm() for g in gradients), torch.zeros((), dtype=DOUBLE)
            ),
            "This is the largest of the tensors' norms": max(g.norm() for g in gradients),
        }
        hint = diagnosis(actual, suspects, "n is the length of all gradients as one long vector")
        expect_close(actual, n, atol=0, rtol=1e-9, what="the norm that is returned", hint=hint)


@suite.check(CLIP, points=0.5, title="the gradients passed in are left alone")
def kept_arguments(student: Student, rng: torch.Generator) -> None:
    gradients = some_gradients(rng)
    clipped, _ = run_clip(student, gradients, 0.5)
    untouched(student, "clip_gradients")
    expect(
        float(total_norm(clipped)) < 0.5001,
        "the gradients were left alone, but what comes back is not clipped either",
    )
    for mine, given in zip(clipped, gradients, strict=True):
        expect(mine.dtype == given.dtype, "float64 gradients should stay float64")


@suite.check(CLIP, points=0.5, title="zero gradients stay zero; what has no direction is refused")
def no_direction(student: Student, rng: torch.Generator) -> None:
    zeros = [torch.zeros(3, dtype=DOUBLE), torch.zeros(2, 2, dtype=DOUBLE)]
    clipped, norm = run_clip(student, zeros, 1.0)
    hint = "A norm of 0 must not be divided by"
    expect_close(flat(clipped), flat(zeros), atol=0, what="a gradient of zeros", hint=hint)
    expect(float(norm) == 0, "the norm of zero gradients is 0")
    good = some_gradients(rng)
    bad: dict[str, tuple[list[Tensor], float]] = {
        "an infinite gradient": ([*good, torch.tensor([math.inf]).double()], 1.0),
        "a gradient that is not a number": ([*good, torch.tensor([math.nan]).double()], 1.0),
        "max_norm = 0": (good, 0.0),
        "max_norm = -1": (good, -1.0),
        "no gradients at all": ([], 1.0),
    }
    for what, (gradients, limit) in bad.items():
        expect_raises(student.clip_gradients, "ValueError", gradients, limit, what=what)


def expect_raises(function: Remote, kind: str, *args: Any, what: str) -> None:
    """Fail unless the call raises an exception of this name on the student's side."""
    try:
        function(*args)
    except CheckFailure as failure:
        if f" raised {kind}" in str(failure).partition(":")[0]:
            return
        raise CheckFailure(f"{what} should raise {kind}; instead {failure}") from None
    raise CheckFailure(f"{what} should raise {kind}, but is accepted")
