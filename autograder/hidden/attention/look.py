"""Part 1, weights and what they mix: the softmax, its mask, rows with nothing left, the context."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from autograder.checks import Student, expect, expect_close, expect_shape
from autograder.hidden.attention.suite import LOOK, suite
from autograder.hidden.attention.weighing import ALIGN, MISALIGNED, MISTAKES, RIGHT, Weighing
from autograder.hidden.shared.asking import expect_form, in_either, numbers, tolerance
from autograder.hidden.shared.gradients import expect_gradients
from autograder.hidden.shared.owned import Mistake, expect_own
from autograder.hidden.shared.tools import DOUBLE, SINGLE, close, normal, untouched


def some_mask(rng: torch.Generator, *shape: int) -> Tensor:
    """Every row allows something and forbids something; no two rows are alike for long."""
    mask = torch.rand(shape, generator=rng) < 0.6
    mask[..., 0] |= ~mask.any(-1)
    mask[..., 1] &= ~mask.all(-1)
    return mask


# --- asking -----------------------------------------------------------------------------------


def weights_of(student: Student, scores: Tensor, mask: Tensor | None) -> tuple[Any, float]:
    def ask(dtype: torch.dtype) -> Any:
        given = mask if mask is None or mask.dtype == torch.bool else mask.to(dtype)
        with torch.no_grad():
            return student.masked_softmax(scores.to(dtype), *([] if mask is None else [given]))

    found = in_either(ask)
    return numbers(found), tolerance(found)


def expect_weights(
    check: str,
    student: Student,
    scores: Tensor,
    mask: Tensor | None,
    hint: str,
    what: str = "the weights",
) -> None:
    found, atol = weights_of(student, scores, mask)
    usable = [each for each in MISTAKES if scores.ndim > 1 or each[0] != "softmax_axis"]
    suspects = [Mistake(own, words, other.weights(scores, mask)) for own, words, other in usable]
    expect_own(check, found, RIGHT.weights(scores, mask), suspects, hint, what=what, atol=atol)


def habit(student: Student, rng: torch.Generator) -> Weighing:
    """The weighing that explains the student's weights: the right one, or a known mistake."""
    scores, mask = normal(rng, 3, 5), some_mask(rng, 3, 5)
    found, atol = weights_of(student, scores, mask)
    known = [RIGHT, *(each for *_, each in MISTAKES)]
    like = [each for each in known if close(found, each.weights(scores, mask), 100 * atol)]
    return like[0] if like else RIGHT


def aligned(
    student: Student, scores: Tensor, memory: Tensor, mask: Tensor | None
) -> tuple[Any, Any, float]:
    def ask(dtype: torch.dtype) -> Any:
        given = [scores.to(dtype), memory.to(dtype), *([] if mask is None else [mask])]
        with torch.no_grad():
            return student.align(*given)

    found = in_either(ask)
    expect(
        isinstance(found, tuple | list) and len(found) == 2,
        "align should return a pair: the context, and the weights that made it",
    )
    first, second = found
    exchanged = isinstance(first, Tensor) and first.shape == scores.shape != memory[:, 0].shape
    if exchanged:  # `look_form` asks for the order of the text
        first, second = second, first
    return numbers(first), numbers(second), tolerance([first, second])


# --- the checks -------------------------------------------------------------------------------


@suite.check(LOOK, points=0.5, title="shapes, dtypes and order of the text; nothing changed")
def look_form(student: Student, rng: torch.Generator) -> None:
    scores, memory, mask = normal(rng, 3, 5), normal(rng, 3, 5, 4), some_mask(rng, 3, 5)
    right = RIGHT.weights(scores, mask)
    for dtype in (DOUBLE, torch.float32):
        with torch.no_grad():
            found = student.masked_softmax(scores.to(dtype), mask)
            untouched(student, "masked_softmax")
            expect_form(found, scores.to(dtype), "what masked_softmax returns")
            pair = student.align(scores.to(dtype), memory.to(dtype), mask)
            untouched(student, "align")
        expect(
            isinstance(pair, tuple) and len(pair) == 2,
            "align should return a pair: the context, and the weights that made it",
        )
        expect_form(pair[0], memory[:, 0].to(dtype), "the context", "It comes first")
        expect_form(pair[1], scores.to(dtype), "the weights that align returns", "They come second")
        wrong = [each.weights(scores, mask) for *_, each in MISTAKES]
        expect(
            any(close(found.double(), value, SINGLE) for value in (right, *wrong)),
            "the form is right, but no number is",
        )


@suite.check(LOOK, points=0.5, title="softmax over the last axis, without a mask")
def softmax_axis(student: Student, rng: torch.Generator) -> None:
    for shape in ((4, 6), (3, 3), (2, 3, 5), (2, 3, 4, 4), (1, 7), (5,)):
        hint = f"Scores of shape {shape}: exponentials over the last axis, divided by their sum"
        expect_weights("softmax_axis", student, normal(rng, *shape), None, hint)


@suite.check(LOOK, points=0.5, title="a boolean mask: nothing for the forbidden, one in all")
def masked_out(student: Student, rng: torch.Generator) -> None:
    for shape, like in (((4, 6), (4, 6)), ((3, 2, 5), (3, 1, 5)), ((4, 6), (6,))):
        hint = f"Scores of shape {shape} and a mask of {like}: softmax over what is allowed"
        expect_weights("masked_out", student, normal(rng, *shape), some_mask(rng, *like), hint)
    one = torch.eye(5, dtype=torch.bool)
    hint = "Where one token is allowed, it gets all"
    expect_weights("masked_out", student, normal(rng, 5, 5), one, hint)


@suite.check(LOOK, points=0.5, title="numbers as a mask are added to the scores")
def added(student: Student, rng: torch.Generator) -> None:
    for shape in ((4, 6), (2, 3, 5)):
        pushes = normal(rng, *shape).masked_fill(~some_mask(rng, *shape), -math.inf)
        hint = "softmax(scores + mask), and nothing where the mask is -inf"
        expect_weights("added", student, normal(rng, *shape), pushes, hint)


@suite.check(LOOK, points=0.5, title="nothing to attend to: zeros forwards and backwards, no NaN")
def nothing_left(student: Student, rng: torch.Generator) -> None:
    scores, memory, mask = normal(rng, 3, 5), normal(rng, 3, 5, 4), some_mask(rng, 3, 5)
    mask[1] = False
    for given in (mask, normal(rng, 3, 5).masked_fill(~mask, -math.inf)):
        found, _ = weights_of(student, scores, given)
        expect_shape(found, scores.shape, what="the weights")
        expect_no_nan(found, "the weights")
        hint = "A row in which nothing may be attended to should come out as zeros"
        expect_weights("nothing_left", student, scores, given, hint)
    mixed, weights, _ = aligned(student, scores, memory, mask)
    for value, what in ((mixed, "the context"), (weights, "the weights of align")):
        expect_shape(value, (3, 4) if value is mixed else (3, 5), what=what)
        expect_no_nan(value, what)
        expect(not value[1].any(), f"{what} should be zeros where nothing may be attended to")
    given = scores.clone().requires_grad_()
    found = student.masked_softmax(given, mask)
    expect_shape(found, scores.shape, what="the weights")
    (found * normal(rng, 3, 5)).sum().backward()
    grad = given.grad if given.grad is not None else torch.zeros_like(scores)
    expect_no_nan(grad, "the gradient that comes back")
    expect(not grad[1].any(), "a row without anything to attend to should pass no gradient on")
    none, nobody = torch.zeros(2, 0, dtype=DOUBLE), torch.zeros(2, 0, dtype=torch.bool)
    mixed, _, _ = aligned(student, none, torch.zeros(2, 0, 4, dtype=DOUBLE), nobody)
    hint = "A source without any token gives a context of zeros"
    expect_close(mixed, torch.zeros(2, 4, dtype=DOUBLE), atol=0, what="the context", hint=hint)


def expect_no_nan(value: Tensor, what: str) -> None:
    expect(
        not value.isnan().any(),
        f"{what} hold NaN where nothing may be attended to: a softmax over -inf alone is 0/0",
    )


@suite.check(LOOK, points=0.5, title="the context: states by their weights, each source its own")
def mean_of_states(student: Student, rng: torch.Generator) -> None:
    weighing = habit(student, rng)
    for batch, source, size in ((4, 6, 3), (3, 3, 3), (2, 5, 5)):
        scores, memory = normal(rng, batch, source), normal(rng, batch, source, size)
        for mask in (some_mask(rng, batch, source), None):
            found = aligned(student, scores, memory, mask)
            wanted = ALIGN(weighing, scores, memory, mask)
            ways = MISALIGNED.items()
            wrong = [(words, way(weighing, scores, memory, mask)) for words, way in ways]
            hint = "The context is the sum of alpha(j) h(j) over the tokens"
            for i, what in enumerate(("the context", "the weights that align returns")):
                suspects = [Mistake("mean_of_states", words, each[i]) for words, each in wrong]
                suspects += [
                    Mistake("elsewhere", "", ALIGN(other, scores, memory, mask)[i])
                    for *_, other in MISTAKES
                ]
                args = found[i], wanted[i], suspects, hint
                expect_own("mean_of_states", *args, what=what, atol=found[2])


@suite.check(LOOK, points=0.5, title="gradients reach scores and states")
def look_gradients(student: Student, rng: torch.Generator) -> None:
    weighing, mask = habit(student, rng), some_mask(rng, 3, 5)
    scores, memory = normal(rng, 3, 5), normal(rng, 3, 5, 4)
    by_align = aligned(student, scores, memory, mask)
    ways = (ALIGN, *MISALIGNED.values())
    like = [
        way
        for way in ways
        if all(map(close, by_align[:2], way(weighing, scores, memory, mask), (1e-8, 1e-8)))
    ]
    way = like[0] if like else ALIGN
    words = "the context", "the weights"

    def theirs(given: dict[str, Tensor]) -> dict[str, Any]:
        first, second = student.align(given["the scores"], given["the memory"], mask)
        exchanged = isinstance(first, Tensor) and first.shape == scores.shape
        return dict(zip(words, (second, first) if exchanged else (first, second), strict=True))

    def ours(given: dict[str, Tensor], _: dict[str, Tensor]) -> dict[str, Any]:
        found = way(weighing, given["the scores"], given["the memory"], mask)
        return dict(zip(words, found, strict=True))

    inputs = {"the scores": scores, "the memory": memory}
    expect_gradients("align", rng, inputs, {}, theirs, ours, dict)


@suite.check(LOOK, points=0.5, title="edges: large scores, one token, one row, float32")
def look_edges(student: Student, rng: torch.Generator) -> None:
    for factor, shift in ((1.0, 900.0), (1.0, -5000.0), (2000.0, 0.0)):
        for dtype in (DOUBLE, torch.float32):
            scores = (factor * normal(rng, 3, 6) + shift).to(dtype)
            mask = some_mask(rng, 3, 6)
            with torch.no_grad():
                found = student.masked_softmax(scores, mask)
            expect_shape(found, scores.shape, what="the weights")
            expect(bool(found.isfinite().all()), "large scores give NaN or inf: exp overflows")
            if dtype == torch.float32:
                expect_close(found.double(), RIGHT.weights(scores.double(), mask), atol=SINGLE,
                             what="the weights in float32")  # fmt: skip
            hint = "With large scores: how low are those that are forbidden?"
            expect_weights("look_edges", student, scores.double(), mask, hint)
    for batch, source in ((1, 1), (1, 4), (3, 1)):
        scores, memory = normal(rng, batch, source), normal(rng, batch, source, 2)
        mixed, _, atol = aligned(student, scores, memory, None)
        wanted = ALIGN(habit(student, rng), scores, memory, None)[0]
        suspects = [
            Mistake("elsewhere", "", way(weighing, scores, memory, None)[0])
            for way in (ALIGN, *MISALIGNED.values())
            for weighing in (RIGHT, *(each for *_, each in MISTAKES))
        ]
        hint = f"With {batch} sources of {source} tokens: is an axis squeezed away?"
        expect_own("look_edges", mixed, wanted, suspects, hint, what="the context", atol=atol)
