"""Part 3, back-propagation through time: the error's way back first, then the sums it goes into."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from autograder.checks import Student, expect, expect_close
from autograder.hidden.rnn_limits.errors import (
    Pass,
    mistakes,
    passed,
    random_pass,
    readable_pass,
    walked_back,
)
from autograder.hidden.rnn_limits.suite import suite
from autograder.hidden.shared.asking import numbers
from autograder.hidden.shared.records import (
    Found,
    expect_gradient,
    expect_record,
    gradients_of,
    wrong_sums,
)
from autograder.hidden.shared.tools import (
    SINGLE,
    Suspects,
    close,
    ordinary,
)

BPTT = "bptt-tests"


# --- asking -----------------------------------------------------------------------------------


def run_bptt(student: Student, p: Pass, dtype: torch.dtype | None = None) -> Found:
    """The five gradients, wherever in the answer they stand; `form` asks for the right places."""
    what = "bptt should return BPTTGradients"
    return gradients_of(student.bptt, p.arguments, p.wanted, what, dtype)


def expect_sum(
    found: Found,
    p: Pass,
    name: str,
    by: Callable[[Tensor], Tensor],
    suspects: Callable[[Tensor], Suspects],
    hint: str,
) -> None:
    """Fail unless a gradient is what `by` makes of the true d(t), or of the student's own.

    In a readable pass the gradient by x shows the student's d(t), which counts where it is of
    ordinary size. It may be zero at one step: a loop that is one step short has lost its points
    for that where d(t) itself is asked for.
    """
    W, shown = p.weights["weight_ih"], found.values.get("x")
    own = true = p.wanted["x"] @ W.T
    if isinstance(shown, Tensor) and shown.shape == p.x.shape and ordinary(shown @ W.T, true):
        own = shown @ W.T
        if close(found.values.get(name), by(own), found.atol):
            return
    expect_gradient(found, p.wanted, name, {**suspects(true), **suspects(own)}, hint)


# --- the checks -------------------------------------------------------------------------------


@suite.check(BPTT, points=0.5, title="five gradients in their places; the arguments left alone")
def form(student: Student, rng: torch.Generator) -> None:
    p = random_pass(rng, 2, 4, 3, 5)
    for dtype in (torch.float64, torch.float32):
        found = expect_record(student, "bptt", "BPTTGradients", p.arguments, p.wanted, dtype)
        # Shapes alone are worth nothing: one gradient is right, or wrong in a way we know.
        shown, W = found.x[:, 1:].double(), p.weights["weight_ih"]
        errors = [(d @ W)[:, 1:] for d in (walked_back(p), *mistakes(p).values())]
        known = any(close(shown, error, SINGLE) for error in errors) or any(
            close(getattr(found, name).double(), value, SINGLE) for name, value in p.wanted.items()
        )
        expect(known, "all five have their shapes, but none has its numbers")


@suite.check(BPTT, points=0.5, title="the last token: the slope of tanh is 1 - h^2")
def last_step(student: Student, rng: torch.Generator) -> None:
    p = random_pass(rng, 2, 3, 4, 5)
    W = p.weights["weight_ih"]
    expect_gradient(
        run_bptt(student, p),
        p.wanted,
        "x",
        {words: d @ W for words, d in mistakes(p).items()},
        "At the last token it is W^T d(T), where d(T) = grad_h * (1 - h(T)^2)",
        pick=lambda value: value[:, -1],
    )


@suite.check(BPTT, points=0.5, title="an error at the last token comes back through time")
def back_in_time(student: Student, rng: torch.Generator) -> None:
    some = random_pass(rng, 2, 6, 3, 4)
    direct = torch.zeros_like(some.grad_h)
    direct[:, -1] = some.grad_h[:, -1]
    p = passed(some.weights, some.x, some.h0, direct)
    expect_errors(student, p, "Only the last state has a loss here; e(t) elsewhere is U^T d(t + 1)")


@suite.check(BPTT, points=1, title="every step adds its own loss to what comes back")
def loss_at_every_step(student: Student, rng: torch.Generator) -> None:
    p = random_pass(rng, 2, 6, 3, 4)
    expect_errors(student, p, "e(t) = grad_h[:, t] + U^T d(t + 1), at every step")


def expect_errors(student: Student, p: Pass, hint: str) -> None:
    """Fail unless d(t) is right at every token but the first, which `first_state` looks at."""
    W = p.weights["weight_ih"]
    suspects = {words: d @ W for words, d in mistakes(p).items()}
    found = run_bptt(student, p)
    expect_gradient(found, p.wanted, "x", suspects, hint, pick=lambda value: value[:, 1:])


@suite.check(BPTT, points=1, title="the gradient by U pairs d(t) with the state before")
def recurrent_weight(student: Student, rng: torch.Generator) -> None:
    p = readable_pass(rng, 2, 5, 4)

    def outer(d: Tensor, h: Tensor) -> Tensor:
        return torch.einsum("bth,btk->hk", d, h)

    def suspects(d: Tensor) -> Suspects:
        no_start = torch.cat([torch.zeros_like(p.h0).unsqueeze(1), p.h[:, :-1]], dim=1)
        right = outer(d, p.previous)
        return {
            "It pairs d(t) with h(t); U was multiplied with h(t-1)": outer(d, p.h),
            "h0 is left out: the first step also used U": outer(d, no_start),
            "The first token is paired with h[:, -1], the last state: t - 1 wraps round at t = 0": (
                outer(d, p.h.roll(1, dims=1))
            ),
            "It pairs d(t) with h(t+1); U was multiplied with h(t-1)": (
                outer(d[:, :-1], p.h[:, 1:])
            ),
            "Every d(t) is paired with h0; U was multiplied with h(t-1)": (
                outer(d, p.h0.unsqueeze(1).expand_as(d))
            ),
            "d(t) and the states run in opposite orders of time": outer(d, p.previous.flip(1)),
            "It looks transposed: entry [i, j] is d_i times h_j": right.T,
            **wrong_sums(d, lambda d: outer(d, p.previous)),
        }

    hint = "It is the sum of d(t) h(t-1)^T over steps and sequences"
    found = run_bptt(student, p)
    expect_sum(found, p, "weight_hh", lambda d: outer(d, p.previous), suspects, hint)


@suite.check(BPTT, points=0.5, title="the gradients by W and b sum over steps and sequences")
def sums(student: Student, rng: torch.Generator) -> None:
    p = readable_pass(rng, 3, 4, 5)
    found = run_bptt(student, p)

    def outer(d: Tensor, x: Tensor = p.x) -> Tensor:
        return torch.einsum("bth,bti->hi", d, x)

    def flat(d: Tensor) -> Tensor:
        return d.sum(dim=(0, 1))

    hint = "Every step and every sequence adds its part to the sum"
    for name, by in (("weight_ih", outer), ("bias", flat)):

        def wrong(d: Tensor, by: Callable[[Tensor], Tensor] = by) -> Suspects:
            pairs = {
                "It looks transposed: entry [i, j] is d_i times x_j": outer(d).T,
                "d(t) and the tokens run in opposite orders of time": outer(d, p.x.flip(1)),
            }
            return {**pairs, **wrong_sums(d, by)}

        expect_sum(found, p, name, by, wrong, hint)


@suite.check(BPTT, points=0.5, title="the error reaches the first token and the state before it")
def first_state(student: Student, rng: torch.Generator) -> None:
    p = readable_pass(rng, 2, 3, 4)
    U, W = p.weights["weight_hh"], p.weights["weight_ih"]

    def suspects(d: Tensor) -> Suspects:
        return {
            "It is d(1); one more U^T is missing": d[:, 0],
            "U looks transposed: U^T d is delta @ weight_hh in a batch": d[:, 0] @ U.T,
            "It is zero; what is carried back from the first step is its gradient": 0 * d[:, 0],
            "It stops one step early: this is U^T d(2)": d[:, 1] @ U,
            "h(0) has no slope: it is U^T d(1) alone": (d[:, 0] @ U) * (1 - p.h0**2),
            "It is W^T d(1), which belongs to x(1)": (d[:, 0] @ W)[:, : U.shape[1]],
            "The sign is turned round": -d[:, 0] @ U,
        }

    found = run_bptt(student, p)
    shown = found.values.get("x")
    expect(
        not isinstance(shown, Tensor) or shown.shape != p.x.shape or bool(shown[:, 0].any()),
        "no error arrives at the first token: the loop stops one step early",
    )
    expect_sum(found, p, "h0", lambda d: d[:, 0] @ U, suspects, "It should be U^T d(1)")


@suite.check(BPTT, points=0.5, title="edges: sizes of one, long sequences, large errors")
def bptt_edges(student: Student, rng: torch.Generator) -> None:
    for sizes in ((2, 33, 3, 2), (1, 9, 1, 3), (5, 1, 2, 1), (1, 1, 1, 1)):
        p = random_pass(rng, *sizes)
        found = run_bptt(student, p)
        # With sizes of one, mistakes cannot be told apart.
        errors = {} if 1 in sizes else mistakes(p)
        hint = "with batch, time, input and hidden of " + ", ".join(map(str, sizes))
        for name in p.wanted:
            suspects = {w: d @ p.weights["weight_ih"] for w, d in errors.items() if name == "x"}
            expect_gradient(found, p.wanted, name, suspects, hint)
    some = random_pass(rng, 2, 4, 3, 5)
    p = passed(some.weights, some.x, some.h0, 1e4 * some.grad_h)
    found = run_bptt(student, p)
    for name in p.wanted:
        hint = "With large errors the gradients are large, too: is something cut off?"
        scaled = Found({n: numbers(v) / 1e4 for n, v in found.values.items()}, found.atol)
        expect_gradient(scaled, some.wanted, name, {}, hint)
    stuck = p._replace(h=torch.where(p.h > 0, 1.0, -1.0).double())
    silent = run_bptt(student, stuck)
    for name, wanted in p.wanted.items():
        hint = "Every unit is at its limit, h = 1 or -1, so nothing may pass"
        what = f"the gradient by {name}"
        expect_close(silent.values[name], torch.zeros_like(wanted), atol=0, what=what, hint=hint)
    single = run_bptt(student, some, torch.float32).values
    for name, wanted in some.wanted.items():
        what = f"in float32 the gradient by {name}"
        expect_close(single[name], wanted, atol=SINGLE, rtol=SINGLE, what=what)
