"""Part 1, weights and what they mix: the softmax, its mask, rows with nothing left, the context."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor

from autograder.checks import CheckFailure, Student, expect, expect_close, expect_shape
from autograder.hidden.attention.suite import LOOK, suite
from autograder.hidden.attention.weighing import ALIGN, MISALIGNED, MISTAKES, RIGHT, Mix, Weighing
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


Known = tuple[str, str, Weighing]  # the check that a mistake is for, words for it, what it does


def habits(student: Student, rng: torch.Generator) -> list[Known]:
    """The known mistakes that the student makes, each where the check meant for it would see it."""
    scores, mask = normal(rng, 3, 5), some_mask(rng, 3, 5)
    emptied = mask & torch.tensor([[True], [False], [True]])
    probes: dict[str, tuple[Tensor, Tensor | None]] = {
        "softmax_axis": (normal(rng, 3, 4, 5), None),
        "masked_out": (scores, mask),
        "added": (scores, normal(rng, 3, 5).masked_fill(~mask, -math.inf)),
        "nothing_left": (scores, emptied),
    }
    answers = {}
    for own, probe in probes.items():
        with suppress(CheckFailure):
            answers[own] = weights_of(student, *probe)
    found = []
    for own, words, weighing in MISTAKES:
        if own in answers:
            answer, atol = answers[own]
            right, wrong = (each.weights(*probes[own]) for each in (RIGHT, weighing))
            if not close(answer, right, 100 * atol) and close(answer, wrong, 100 * atol):
                found.append((own, words, weighing))
    return found


def habit(student: Student, rng: torch.Generator) -> Weighing:
    """The weighing that explains the student's weights: the right one, or a known mistake."""
    return next((weighing for *_, weighing in habits(student, rng)), RIGHT)


def expect_weights(
    check: str,
    student: Student,
    scores: Tensor,
    mask: Tensor | None,
    hint: str,
    elsewhere: list[Known],
) -> None:
    """Fail unless these weights are right, or wrong by a habit that another check is meant for."""
    found, atol = weights_of(student, scores, mask)
    usable = [each for each in MISTAKES if each[0] == check and scores.ndim > 1]
    usable += [each for each in elsewhere if each[0] != check]
    suspects = [Mistake(own, words, other.weights(scores, mask)) for own, words, other in usable]
    wanted = RIGHT.weights(scores, mask)
    expect_own(check, found, wanted, suspects, hint, what="the weights", atol=atol)


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
    wide = len(memory), memory.shape[2]
    if isinstance(first, Tensor) and first.shape == scores.shape != wide:
        # `look_form` asks for the order of the text
        first, second = second, first
    return numbers(first), numbers(second), tolerance([first, second])


def way_of(student: Student, rng: torch.Generator, weighing: Weighing) -> Mix:
    """The way to the context that explains the student's: the right one, or a known mistake."""
    scores, memory, mask = normal(rng, 3, 5), normal(rng, 3, 5, 4), some_mask(rng, 3, 5)
    *found, atol = aligned(student, scores, memory, mask)
    for way in (ALIGN, *MISALIGNED.values()):
        wanted = way(weighing, scores, memory, mask)
        if all(close(f, w, 100 * atol) for f, w in zip(found, wanted, strict=True)):
            return way
    return ALIGN


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
        expect_weights("softmax_axis", student, normal(rng, *shape), None, hint, [])


@suite.check(LOOK, points=0.5, title="a boolean mask: nothing for the forbidden, one in all")
def masked_out(student: Student, rng: torch.Generator) -> None:
    known = habits(student, rng)
    for shape, like in (((4, 6), (4, 6)), ((3, 2, 5), (3, 1, 5)), ((4, 6), (6,))):
        hint = f"Scores of shape {shape} and a mask of {like}: softmax over what is allowed"
        given = normal(rng, *shape), some_mask(rng, *like)
        expect_weights("masked_out", student, *given, hint, known)
    one = torch.eye(5, dtype=torch.bool)
    hint = "Where one token is allowed, it gets all"
    expect_weights("masked_out", student, normal(rng, 5, 5), one, hint, known)


@suite.check(LOOK, points=0.5, title="numbers as a mask are added to the scores")
def added(student: Student, rng: torch.Generator) -> None:
    known = habits(student, rng)
    for shape in ((4, 6), (2, 3, 5)):
        pushes = normal(rng, *shape).masked_fill(~some_mask(rng, *shape), -math.inf)
        hint = "softmax(scores + mask), and nothing where the mask is -inf"
        expect_weights("added", student, normal(rng, *shape), pushes, hint, known)


@suite.check(LOOK, points=0.5, title="nothing to attend to: zeros forwards and backwards, no NaN")
def nothing_left(student: Student, rng: torch.Generator) -> None:
    scores, memory, mask = normal(rng, 3, 5), normal(rng, 3, 5, 4), some_mask(rng, 3, 5)
    mask[1] = False
    known, right = habits(student, rng), []
    pushes = normal(rng, 3, 5).masked_fill(~mask, -math.inf)
    for given, kind in ((mask, "with a boolean mask"), (pushes, "with numbers as a mask")):
        found, _ = weights_of(student, scores, given)
        expect_shape(found, scores.shape, what="the weights")
        expect_no_nan(found, f"the weights, {kind}, hold")
        hint = f"A row in which nothing may be attended to should come out as zeros, {kind}"
        expect_weights("nothing_left", student, scores, given, hint, known)
        right.append(close(found, RIGHT.weights(scores, given), SINGLE))
        if right[-1]:  # others are mistakes that have cost their points
            expect_no_way_back(student, rng, scores, given, kind)
    if not all(right) or way_of(student, rng, RIGHT) is not ALIGN:
        return
    mixed, weights, _ = aligned(student, scores, memory, mask)
    for value, what, verb in ((mixed, "the context", "holds"), (weights, "its weights", "hold")):
        expect_shape(value, (3, 4) if value is mixed else (3, 5), what=what)
        expect_no_nan(value, f"{what} {verb}")
        expect(not value[1].any(), f"{what} should be zeros where nothing may be attended to")
    none, nobody = torch.zeros(2, 0, dtype=DOUBLE), torch.zeros(2, 0, dtype=torch.bool)
    mixed, _, _ = aligned(student, none, torch.zeros(2, 0, 4, dtype=DOUBLE), nobody)
    hint = "A source without any token gives a context of zeros"
    expect_close(mixed, torch.zeros(2, 4, dtype=DOUBLE), atol=0, what="the context", hint=hint)


def expect_no_nan(value: Tensor, what: str) -> None:
    expect(
        not value.isnan().any(),
        f"{what} NaN where nothing may be attended to: a softmax over -inf alone is 0/0",
    )


def expect_no_way_back(
    student: Student, rng: torch.Generator, scores: Tensor, mask: Tensor, kind: str
) -> None:
    """Fail unless no gradient, not even NaN, comes back through row 1, where nothing is left."""
    given = scores.clone().requires_grad_()
    found = student.masked_softmax(given, mask)
    expect_shape(found, scores.shape, what="the weights")
    (found * normal(rng, *scores.shape)).sum().backward()
    grad = given.grad if given.grad is not None else torch.zeros_like(scores)
    expect_no_nan(grad, f"the gradient that comes back, {kind}, holds")
    words = f"a row without anything to attend to should pass no gradient on, {kind}"
    expect(not grad[1].any(), words)


@suite.check(LOOK, points=0.5, title="the context: states by their weights, each source its own")
def mean_of_states(student: Student, rng: torch.Generator) -> None:
    weighing = habit(student, rng)
    for batch, source, size in ((4, 6, 3), (3, 3, 4), (2, 5, 2)):
        scores, memory = normal(rng, batch, source), normal(rng, batch, source, size)
        for mask in (some_mask(rng, batch, source), None):
            found = aligned(student, scores, memory, mask)
            wanted = ALIGN(weighing, scores, memory, mask)
            ways = MISALIGNED.items()
            wrong = [(words, way(weighing, scores, memory, mask)) for words, way in ways]
            hint = "The context is the sum of alpha(j) h(j) over the tokens"
            for i, what in enumerate(("the context", "the weights that align returns")):
                suspects = [Mistake("mean_of_states", words, each[i]) for words, each in wrong]
                args = found[i], wanted[i], suspects, hint
                expect_own("mean_of_states", *args, what=what, atol=found[2])


@suite.check(LOOK, points=0.5, title="gradients reach scores and states")
def look_gradients(student: Student, rng: torch.Generator) -> None:
    weighing, mask = habit(student, rng), some_mask(rng, 3, 5)
    scores, memory = normal(rng, 3, 5), normal(rng, 3, 5, 4)
    way = way_of(student, rng, weighing)
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
    known = habits(student, rng)
    for factor, shift in ((1.0, 900.0), (1.0, -5000.0), (2000.0, 0.0)):
        for dtype in (DOUBLE, torch.float32):
            scores = (factor * normal(rng, 3, 6) + shift).to(dtype)
            mask = some_mask(rng, 3, 6)
            with torch.no_grad():
                found = student.masked_softmax(scores, mask)
            expect_shape(found, scores.shape, what="the weights")
            expect(bool(found.isfinite().all()), "large scores give NaN or inf: exp overflows")
            wanted, atol = RIGHT.weights(scores.double(), mask), tolerance(scores)
            usual = [Mistake(own, words, kind.weights(scores.double(), mask))
                     for own, words, kind in known]  # fmt: skip
            hint = "How low are forbidden scores? Or are their weights made zero after the softmax?"
            what = "the weights of large scores"
            args = found.double(), wanted, usual, hint
            expect_own("look_edges", *args, what=what, atol=atol)
    weighing = habit(student, rng)
    way = way_of(student, rng, weighing)
    for batch, source in ((1, 1), (1, 4), (3, 1)):
        scores, memory = normal(rng, batch, source), normal(rng, batch, source, 2)
        mixed, _, atol = aligned(student, scores, memory, None)
        wanted = way(weighing, scores, memory, None)[0]
        hint = f"With {batch} sources of {source} tokens: is an axis squeezed away?"
        expect_close(mixed, wanted, atol=atol, rtol=atol, what="the context", hint=hint)
