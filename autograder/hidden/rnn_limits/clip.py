"""Part 5, clipping: together, only when too long, and without touching the arguments."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from autograder.checks import (
    CheckFailure,
    Student,
    expect,
    expect_close,
    expect_shape,
    expect_type,
)
from autograder.hidden.rnn_limits.suite import suite
from autograder.hidden.shared.asking import expect_form, expect_raises, numbers
from autograder.hidden.shared.tools import (
    DOUBLE,
    SINGLE,
    Suspects,
    close,
    diagnosis,
    normal,
    untouched,
)

CLIP = "clip-gradients-tests"
# Adding something like 1e-6 to n against a division by zero is good practice, too.
CLOSE = 1e-5
ONE_BY_ONE = "def one_by_one(items):\n    yield from items"


def some_gradients(rng: torch.Generator) -> list[Tensor]:
    """Neither the first nor the last of them is the longest."""
    return [normal(rng, 3, 2), 4 + normal(rng, 4), normal(rng), normal(rng, 2, 1, 3)]


def flat(gradients: Sequence[Tensor]) -> Tensor:
    return torch.cat([gradient.flatten() for gradient in gradients])


def length(gradients: Sequence[Tensor]) -> Tensor:
    norm: Tensor = torch.linalg.vector_norm(flat(gradients))
    return norm


def other_lengths(gradients: Sequence[Tensor]) -> Mapping[str, Tensor]:
    """What could be taken for n, by the words for it."""
    g, each = flat(gradients), torch.stack([gradient.norm() for gradient in gradients])
    return {
        "The root is missing: n is the square root of the sum; this is the squared norm": (
            g.square().sum()
        ),
        "This is the sum of the tensors' norms; add their squares": each.sum(),
        "This is the largest of the tensors' norms; all entries together count": each.max(),
        "This is the mean of the tensors' norms; all entries together count": each.mean(),
        "This is the norm of the last tensor alone": each[-1],
        "This is the norm of the first tensor alone": each[0],
        "This is the largest entry, not the norm": g.abs().max(),
        "This is the sum of absolute values; squares are summed": g.abs().sum(),
        "The mean is taken where the sum belongs": g.square().mean().sqrt(),
    }


class Clipped(NamedTuple):
    gradients: list[Tensor]
    norm: Any


def run_clip(student: Student, gradients: Sequence[Tensor], max_norm: float) -> Clipped:
    """What comes back, in float64; `kept_arguments` asks for the right types."""
    with torch.no_grad():
        return taken(student.clip_gradients(list(gradients), max_norm), gradients)


def taken(result: Any, gradients: Sequence[Tensor]) -> Clipped:
    """The numbers of an answer for some gradients, wherever in it they stand."""
    both = isinstance(result, tuple | list) and len(result) == 2
    clipped, norm = result if both else (result, None)
    if both and isinstance(norm, list | tuple) and not isinstance(clipped, list | tuple):
        clipped, norm = norm, clipped
    expect(
        isinstance(clipped, list | tuple),
        "clip_gradients should return a pair: the list of scaled gradients, and the norm",
    )
    count = len(clipped)
    expect(count == len(gradients), f"{len(gradients)} gradients went in, {count} came back")
    for mine, given in zip(clipped, gradients, strict=True):
        expect_shape(mine, given.shape, what="a scaled gradient", hint="Shapes stay as they are")
    norm = numbers(norm)
    if isinstance(norm, Tensor) and norm.numel() == 1:
        norm = norm.reshape(())
    return Clipped([numbers(gradient) for gradient in clipped], norm)


def expect_scaled(
    clipped: Clipped,
    wanted: Tensor,
    suspects: Suspects,
    hint: str,
    what: str = "the scaled gradient",
) -> None:
    actual = flat(clipped.gradients)
    named = diagnosis(actual, suspects, hint, CLOSE / 100)
    expect_close(actual, wanted, atol=0, rtol=CLOSE, what=what, hint=named)


def mistakes(gradients: Sequence[Tensor], limit: float) -> Suspects:
    """What the scaled gradients come to when the rule is misread."""
    g, n = flat(gradients), length(gradients)
    return {
        "Each tensor is clipped by its own norm; the norm of all entries together counts": flat(
            [g * min(1.0, limit / g.norm().item()) for g in gradients]
        ),
        "The gradients have norm 1 now; max_norm is forgotten": g / n,
        "The factor is n / max_norm; it should be max_norm / n": g * (n / limit),
        "The sign is turned round": -g * (limit / n),
        **{words: g * (limit / other) for words, other in other_lengths(gradients).items()},
    }


def without_norm(gradients: Sequence[Tensor], limit: float) -> Suspects:
    """Answers that no norm has to be computed for."""
    g = flat(gradients)
    return {
        "The values are cut off one by one, which turns the direction": g.clamp(-limit, limit),
        "They are multiplied by max_norm, and not divided by n": g * limit,
    }


def wrong_norms(gradients: Sequence[Tensor], limit: float) -> Suspects:
    """What could be returned for n."""
    n = length(gradients)
    return {
        "This is the factor, not the norm": limit / n,
        "This is the factor, not the norm; it is at most 1": (limit / n).clamp(max=1),
        **other_lengths(gradients),
    }


def expect_norm(clipped: Clipped, gradients: Sequence[Tensor], limit: float, atol: float) -> None:
    """Fail unless some norm was computed, for the gradients or for the number beside them.

    The check of a form, of what is refused or of gradients that stay as they are is worth
    nothing by itself: code that never asks how long the gradients are would pass it.
    """
    g, n = flat(gradients), length(gradients)
    scaled = [g * (limit / n), *mistakes(gradients, limit).values()]
    norms = [n, *wrong_norms(gradients, limit).values()]
    expect(
        any(close(flat(clipped.gradients), value, atol) for value in scaled)
        or any(close(clipped.norm, value, atol) for value in norms),
        "there is no norm in what comes back for long gradients: begin with n, the length of all "
        "of them together",
    )


@suite.check(CLIP, points=0.5, title="long gradients are shortened together, the direction kept")
def common_norm(student: Student, rng: torch.Generator) -> None:
    gradients, limit = some_gradients(rng), 0.2
    gradients[3] = 0.01 * gradients[3]  # one tensor alone would be short enough
    g, n = flat(gradients), length(gradients)
    suspects = {
        "Nothing is clipped": g,
        **without_norm(gradients, limit),
        **mistakes(gradients, limit),
    }
    hint = "Every entry is multiplied by max_norm / n"
    expect_scaled(run_clip(student, gradients, limit), g * (limit / n), suspects, hint)


@suite.check(CLIP, points=0.5, title="short gradients stay as they are, zeros and all")
def short_gradients(student: Student, rng: torch.Generator) -> None:
    gradients = some_gradients(rng)
    g = flat(gradients)
    expect_norm(run_clip(student, gradients, 0.5), gradients, 0.5, CLOSE)
    limit = 100 * length(gradients).item()
    suspects = {"Small gradients are scaled up: the factor is never above 1": 100 * g}
    hint = "The norm is below max_norm, so the factor is 1"
    expect_scaled(run_clip(student, gradients, limit), g, suspects, hint)
    hint = "Without a limit, max_norm = inf, the factor min(1, max_norm / n) is 1"
    expect_scaled(run_clip(student, gradients, math.inf), g, {}, hint)
    zeros = [torch.zeros(3, dtype=DOUBLE), torch.zeros(2, 2, dtype=DOUBLE)]
    hint = "All gradients are zero, and a norm of 0 must not be divided by"
    expect_scaled(run_clip(student, zeros, 1.0), flat(zeros), {}, hint)


@suite.check(CLIP, points=0.5, title="the norm before clipping comes back")
def returned_norm(student: Student, rng: torch.Generator) -> None:
    gradients = some_gradients(rng)
    n = length(gradients)
    for limit in (0.4 * n.item(), 2.0 * n.item()):
        norm = run_clip(student, gradients, limit).norm
        suspects = {
            "This is the norm after clipping": torch.tensor(limit, dtype=DOUBLE),
            **wrong_norms(gradients, limit),
        }
        hint = "n is the length of all gradients as one long vector"
        named = diagnosis(norm, suspects, hint, CLOSE / 100)
        expect_close(norm, n, atol=0, rtol=1e-6, what="the norm that is returned", hint=named)
    norm = run_clip(student, [torch.zeros(3, dtype=DOUBLE)], 1.0).norm
    expect_close(norm, torch.zeros(()).double(), atol=0, what="the norm of zeros")


@suite.check(CLIP, points=0.5, title="a list and a tensor come back; the arguments are left alone")
def kept_arguments(student: Student, rng: torch.Generator) -> None:
    gradients = some_gradients(rng)
    for dtype in (torch.float64, torch.float32):
        given = [gradient.to(dtype) for gradient in gradients]
        with torch.no_grad():
            result = student.clip_gradients(given, 0.5)
        untouched(student, "clip_gradients")
        expect(
            isinstance(result, tuple) and len(result) == 2,
            "clip_gradients should return a pair: the list of scaled gradients, and the norm",
        )
        clipped, norm = result
        expect_type(clipped, list, what="the first of the pair")
        for mine, wanted in zip(clipped, given, strict=True):
            expect_form(mine, wanted, "a scaled gradient")
        expect_type(norm, Tensor, what="the norm that is returned")
        expect(norm.numel() == 1, f"the norm is a single number, not {norm.numel()}")
        expect(norm.is_floating_point(), "the norm should be a floating-point tensor")
        expect_norm(taken(result, gradients), gradients, 0.5, SINGLE)


@suite.check(CLIP, points=0.5, title="gradients from a list, a tuple or a generator")
def any_iterable(student: Student, rng: torch.Generator) -> None:
    gradients = some_gradients(rng)
    wanted = flat(gradients) * (0.5 / length(gradients))
    with student.lent("one_by_one", ONE_BY_ONE), torch.no_grad():
        for kind, given in (
            ("a tuple", tuple(gradients)),
            ("a generator, which can be read only once,", student.one_by_one(gradients)),
        ):
            try:
                result = student.clip_gradients(given, 0.5)
            except CheckFailure as failure:
                raise CheckFailure(f"with {kind} {failure}") from None
            first = result[0] if isinstance(result, list | tuple) and result else result
            if isinstance(first, list | tuple):
                everything = f"of the gradients in {kind} not all came back: is it read twice?"
                expect(len(first) == len(gradients), everything)
            clipped = taken(result, gradients)
            expect_norm(clipped, gradients, 0.5, CLOSE)
            known = {**mistakes(gradients, 0.5), **without_norm(gradients, 0.5)}
            if not diagnosis(flat(clipped.gradients), known, "", CLOSE / 100):
                expect_scaled(clipped, wanted, {}, "", f"with {kind} the scaled gradient")


@suite.check(CLIP, points=0.5, title="what has no direction or no limit is refused")
def no_direction(student: Student, rng: torch.Generator) -> None:
    good = some_gradients(rng)
    expect_norm(run_clip(student, good, 0.5), good, 0.5, CLOSE)
    bad: dict[str, tuple[list[Tensor], float]] = {
        "an infinite gradient": ([*good, torch.tensor([math.inf]).double()], 1.0),
        "a gradient that is not a number": ([*good, torch.tensor([math.nan]).double()], 1.0),
        "max_norm = 0": (good, 0.0),
        "max_norm = -1": (good, -1.0),
        "max_norm = nan": (good, math.nan),
        "no gradients at all": ([], 1.0),
    }
    for what, (gradients, limit) in bad.items():
        expect_raises(student.clip_gradients, "ValueError", gradients, limit, what=what)
