"""Part 2, the derivative over T steps by hand: the error's way back first, then its sums."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from autograder.checks import Student, expect
from autograder.hidden.carousel.errors import Pass, mistakes, passed, random_pass, walked_back
from autograder.hidden.carousel.suite import suite
from autograder.hidden.shared.asking import numbers
from autograder.hidden.shared.records import (
    Found,
    expect_gradient,
    expect_record,
    gradients_of,
    wrong_sums,
)
from autograder.hidden.shared.tools import (
    DOUBLE,
    SINGLE,
    Suspects,
    close,
    diagnosis,
)

GRADIENTS = "carousel-gradients-tests"
Sum = Callable[[Tensor], Tensor]  # what a gradient is made of: the errors e(t)


# --- asking -----------------------------------------------------------------------------------


def run(student: Student, p: Pass, dtype: torch.dtype | None = None) -> Found:
    """The four gradients, wherever in the answer they stand; the form has a check of its own."""
    what = "carousel_gradients should return CarouselGradients"
    return gradients_of(student.carousel_gradients, p.arguments, p.wanted, what, dtype)


def own_errors(found: Found, p: Pass) -> Tensor:
    """The errors e(t) that the gradient by x shows: the right ones, or those of a known mistake."""
    shown, W = found.values.get("x"), p.weights["weight_ih"]
    for e in mistakes(p).values():
        if close(shown, e @ W, 100 * found.atol):
            return e
    return walked_back(p)


def expect_sum(
    found: Found, p: Pass, name: str, by: Sum, suspects: Callable[[Tensor], Suspects], hint: str
) -> None:
    """Fail unless a gradient is what `by` makes of the true e(t), or of a known mistake's."""
    true, own = walked_back(p), own_errors(found, p)
    if not close(found.values.get(name), by(own), found.atol):
        expect_gradient(found, p.wanted, name, {**suspects(true), **suspects(own)}, hint)


# --- the checks -------------------------------------------------------------------------------


@suite.check(GRADIENTS, points=0.5, title="four gradients in their places; arguments left alone")
def gradients_form(student: Student, rng: torch.Generator) -> None:
    p = random_pass(rng, 2, 4, 3, 5)
    for dtype in (torch.float64, torch.float32):
        found = expect_record(
            student, "carousel_gradients", "CarouselGradients", p.arguments, p.wanted, dtype
        )
        # Shapes alone are worth nothing: one gradient is right, or wrong in a way we know.
        errors = {words: e @ p.weights["weight_ih"] for words, e in mistakes(p).items()}
        known = diagnosis(found.x.double(), errors, "", SINGLE) or any(
            close(getattr(found, name).double(), value, SINGLE) for name, value in p.wanted.items()
        )
        expect(known, "all four have their shapes, but none has its numbers")


def expect_errors(student: Student, p: Pass, hint: str, steps: slice) -> None:
    """Fail unless e(t) is right at these steps, as the gradient by x shows it."""
    W = p.weights["weight_ih"]
    suspects = {words: e @ W for words, e in mistakes(p).items()}
    expect_gradient(
        run(student, p), p.wanted, "x", suspects, hint, pick=lambda value: value[:, steps]
    )


@suite.check(GRADIENTS, points=0.5, title="the last token: a linear unit has no slope but 1")
def last_step(student: Student, rng: torch.Generator) -> None:
    hint = "At the last token it is W^T e(T), where e(T) = grad_s: nothing comes from behind"
    expect_errors(student, random_pass(rng, 2, 3, 4, 5), hint, slice(-1, None))


@suite.check(GRADIENTS, points=0.5, title="an error at the last token comes back times w a step")
def back_in_time(student: Student, rng: torch.Generator) -> None:
    some = random_pass(rng, 2, 6, 3, 4)
    direct = torch.zeros_like(some.grad_s)
    direct[:, -1] = some.grad_s[:, -1]
    p = passed(some.weights, some.x, some.s0, direct)
    hint = "Only the last state has a loss here; e(t) elsewhere is w e(t + 1)"
    expect_errors(student, p, hint, slice(1, None))


@suite.check(GRADIENTS, points=0.5, title="every step adds its own loss to what comes back")
def loss_at_every_step(student: Student, rng: torch.Generator) -> None:
    hint = "e(t) = grad_s[:, t] + w e(t + 1), at every step"
    expect_errors(student, random_pass(rng, 2, 6, 3, 4), hint, slice(1, None))


@suite.check(GRADIENTS, points=0.5, title="the gradient by w pairs e(t) with the state before")
def loop_gradient(student: Student, rng: torch.Generator) -> None:
    p = random_pass(rng, 2, 5, 3, 4)

    def by(e: Tensor, s: Tensor = p.previous) -> Tensor:
        return (e * s).sum(dim=(0, 1))

    def suspects(e: Tensor) -> Suspects:
        no_start = torch.cat([torch.zeros_like(p.s0).unsqueeze(1), p.s[:, :-1]], dim=1)
        after = torch.cat([p.s[:, 1:], torch.zeros_like(p.s[:, :1])], dim=1)
        lags = torch.arange(e.shape[1], 0, -1).to(e).view(1, -1, 1)
        return {
            "It pairs e(t) with s(t); w was multiplied with s(t-1)": by(e, p.s),
            "s0 is left out: the first step also used w": by(e, no_start),
            "It pairs e(t) with s(t+1); w was multiplied with s(t-1)": by(e, after),
            "The first token is paired with s[:, -1], the last state: t - 1 wraps round at t = 0": (
                by(e, p.s.roll(1, dims=1))
            ),
            "Every e(t) is paired with s0; w was multiplied with s(t-1)": (
                by(e, p.s0.unsqueeze(1).expand_as(e))
            ),
            "e(t) and the states run in opposite orders of time": by(e, p.previous.flip(1)),
            "The units are summed together; each has a self-loop and a gradient of its own": (
                by(e).sum().expand(e.shape[2])
            ),
            "It is multiplied by w once more: w enters here as what is differentiated": (
                by(e) * p.weights["self_loop"]
            ),
            "It is multiplied by the lag, as if w^k were differentiated again: e(t) knows that": (
                by(e * lags)
            ),
            **wrong_sums(e, by),
        }

    hint = "It is the sum of e(t) s(t-1), unit by unit, over steps and sequences"
    expect_sum(run(student, p), p, "self_loop", by, suspects, hint)


@suite.check(GRADIENTS, points=0.5, title="the gradient by W pairs e(t) with the token of step t")
def input_gradient(student: Student, rng: torch.Generator) -> None:
    p = random_pass(rng, 2, 5, 3, 4)

    def by(e: Tensor, x: Tensor = p.x) -> Tensor:
        return torch.einsum("bth,bti->hi", e, x)

    def suspects(e: Tensor) -> Suspects:
        return {
            "e(t) and the tokens run in opposite orders of time": by(e, p.x.flip(1)),
            "It pairs e(t) with the token before; W was multiplied with x(t)": (
                by(e[:, 1:], p.x[:, :-1])
            ),
            "It pairs e(t) with the token after; W was multiplied with x(t)": (
                by(e[:, :-1], p.x[:, 1:])
            ),
            "grad_s stands for e(t): what comes back from later steps is missing here": (
                by(p.grad_s)
            ),
            **wrong_sums(e, by),
        }

    found = run(student, p)
    value = found.values.get("weight_ih")
    turned = isinstance(value, Tensor) and value.shape == p.weights["weight_ih"].T.shape
    expect(not turned, "the gradient by W looks transposed: entry [i, j] is e_i times x_j")
    hint = "It is the sum of e(t) x(t)^T over steps and sequences"
    expect_sum(found, p, "weight_ih", by, suspects, hint)


@suite.check(GRADIENTS, points=0.5, title="the error reaches the first token and the state before")
def first_state(student: Student, rng: torch.Generator) -> None:
    p = random_pass(rng, 2, 4, 5, 5)
    w, W = p.weights["self_loop"], p.weights["weight_ih"]

    def suspects(e: Tensor) -> Suspects:
        return {
            "It is e(1); one more w is missing": e[:, 0],
            "It is zero; what is carried back from the first step is its gradient": 0 * e[:, 0],
            "It stops one step early: this is w e(2)": w * e[:, 1],
            "It is w^T e(T), of the last step; the first step's error belongs here": w * e[:, -1],
            "It is W^T e(1), which belongs to x(1)": e[:, 0] @ W,
            "There is one w too many": w * w * e[:, 0],
            "There is a w for each step: e(1) has them already": w ** e.shape[1] * e[:, 0],
            "The sign is turned round": -w * e[:, 0],
        }

    found = run(student, p)
    shown = found.values.get("x")
    expect(
        not isinstance(shown, Tensor) or shown.shape != p.x.shape or bool(shown[:, 0].any()),
        "no error arrives at the first token: the loop stops one step early",
    )
    if isinstance(shown, Tensor) and not diagnosis(
        shown, {words: e @ W for words, e in mistakes(p).items()}, "", found.atol
    ):
        hint = "At the first token it is W^T e(1), with all that comes back"
        expect_gradient(found, p.wanted, "x", {}, hint, pick=lambda value: value[:, :1])
    hint = "It should be w e(1)"
    expect_sum(found, p, "s0", lambda e: w * e[:, 0], suspects, hint)


@suite.check(GRADIENTS, points=0.5, title="edges: w of 0, 1 and above, long and short sequences")
def gradient_edges(student: Student, rng: torch.Generator) -> None:
    for sizes in ((2, 33, 3, 2), (1, 9, 1, 3), (5, 1, 2, 1), (1, 1, 1, 1)):
        p = random_pass(rng, *sizes)
        hint = "with batch, time, input and hidden of " + ", ".join(map(str, sizes))
        expect_all(run(student, p), p, hint)
    some = random_pass(rng, 2, 7, 3, 4)
    p = passed(some.weights, some.x, some.s0, 1e4 * some.grad_s)
    found = run(student, p)
    scaled = Found({n: numbers(v) / 1e4 for n, v in found.values.items()}, found.atol)
    hint = "With large errors the gradients are large, too: is something cut off?"
    expect_all(scaled, some, hint)
    loops = torch.tensor([0.0, 1.0, -1.0, 1.5], dtype=DOUBLE)
    p = passed({**some.weights, "self_loop": loops}, some.x, some.s0, some.grad_s)
    expect_all(run(student, p), p, "with self-loops of 0, 1, -1 and 1.5")
    found = run(student, some, torch.float32)
    expect_all(found._replace(atol=SINGLE), some, "in float32")


def expect_all(found: Found, p: Pass, hint: str) -> None:
    for name in p.wanted:
        expect_gradient(found, p.wanted, name, {}, hint)
