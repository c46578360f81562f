"""Part 3, back-propagation through time: the error's way back first, then the sums it goes into."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from autograder.checks import (
    Record,
    Student,
    expect,
    expect_close,
    expect_shape,
)
from autograder.hidden.rnn_limits.suite import suite
from autograder.hidden.rnn_limits.textbook import (
    Pass,
    Weights,
    passed,
    random_pass,
    readable_pass,
)
from autograder.hidden.shared.tools import (
    ATOL,
    SINGLE,
    close,
    diagnosis,
    untouched,
)

BPTT = "bptt-tests"


def run_bptt(student: Student, p: Pass) -> Record:
    """Return the student's gradients for a pass; all five must be there, in the right shapes."""
    with torch.no_grad():
        found = student.bptt(p.x, p.h0, p.h, p.weights.weight_ih, p.weights.weight_hh, p.grad_h)
    expect(
        getattr(found, "_fields", None) == tuple(p.wanted),
        f"bptt should return BPTTGradients with the fields {', '.join(p.wanted)}",
    )
    assert isinstance(found, Record)
    for name, value in p.wanted.items():
        expect_shape(
            getattr(found, name),
            value.shape,
            what=f"the gradient by {name}",
            hint=f"It should have the shape of {name} itself",
        )
    return found


def expect_gradient(
    found: Record, p: Pass, name: str, suspects: dict[str, Tensor], hint: str
) -> None:
    actual = getattr(found, name)
    expect_close(
        actual,
        p.wanted[name],
        atol=ATOL,
        rtol=ATOL,
        what=f"the gradient by {name}",
        hint=diagnosis(actual, suspects, hint),
    )


def expect_sum(
    found: Record,
    p: Pass,
    name: str,
    by: Callable[[Tensor], Tensor],
    suspects: Callable[[Tensor], dict[str, Tensor]],
    hint: str,
) -> None:
    """Fail unless a gradient is what ``by`` makes of the true d(t), or of the student's own.

    In a readable pass the gradient by x shows the student's d(t).
    """
    actual = getattr(found, name)
    own = found.x
    if all(own[:, t].any() for t in range(own.shape[1])) and close(actual, by(own), ATOL):
        return
    expect_gradient(found, p, name, suspects(p.wanted["x"]) | suspects(own), hint)


@suite.check(BPTT, points=0.5, title="one token: the slope of tanh is 1 - h^2")
def last_step(student: Student, rng: torch.Generator) -> None:
    p = random_pass(rng, 1, 1, 3, 5)
    W, g, h = p.weights.weight_ih, p.grad_h[:, 0], p.h[:, 0]
    mistakes = {
        "The factor 1 - h^2 is missing": g,
        "The slope is taken at h; h is already the output of tanh, so it is 1 - h^2": g
        * (1 - torch.tanh(h) ** 2),
        "The slope is taken at the state before: it should be 1 - h(t)^2": g * (1 - p.h0**2),
        "The slope is 1 - h^2, not 1 - h": g * (1 - h),
        "The slope is 1 - h^2; h (1 - h) belongs to the logistic function": g * h * (1 - h),
    }
    expect_gradient(
        run_bptt(student, p),
        p,
        "x",
        {hint: (delta @ W).unsqueeze(1) for hint, delta in mistakes.items()},
        "With one token it is W^T d(1), where d(1) = grad_h * (1 - h(1)^2)",
    )


def walked_back(
    p: Pass, carry: Callable[[Tensor, int], Tensor], slope: Callable[[int], Tensor]
) -> Tensor:
    """Return the gradient by x for a (wrong) rule of what goes back and with which slope."""
    deltas, carried = [], torch.zeros_like(p.h0)
    for t in reversed(range(p.x.shape[1])):
        delta = (p.grad_h[:, t] + carried) * slope(t)
        carried = carry(delta, t)
        deltas.append(delta @ p.weights.weight_ih)
    return torch.stack(deltas[::-1], dim=1)


def wrong_walks(p: Pass) -> dict[str, Tensor]:
    U = p.weights.weight_hh

    def slope(t: int) -> Tensor:
        return 1 - p.h[:, t] ** 2

    one = torch.ones_like(p.h0)
    return {
        "The error at step t does not include what comes back from step t + 1": walked_back(
            p, lambda delta, t: 0 * delta, slope
        ),
        "U looks transposed on the way back: U^T d is delta @ weight_hh in a batch": walked_back(
            p, lambda delta, t: delta @ U.T, slope
        ),
        "(1 - h^2) is missing: every step back passes through tanh": walked_back(
            p, lambda delta, t: delta @ U, lambda t: one
        ),
        "(1 - h^2) is taken at the wrong step: d(t) needs the slope at h(t)": walked_back(
            p, lambda delta, t: delta @ U, lambda t: 1 - p.previous[:, t] ** 2
        ),
        "The error is handed back without U": walked_back(p, lambda delta, t: delta, slope),
        "What is handed back is d(t + 1) / (1 - h^2): the slope comes before U": walked_back(
            p, lambda delta, t: (delta / slope(t)) @ U, slope
        ),
    }


@suite.check(BPTT, points=1, title="an error at the last token comes back to the first")
def back_in_time(student: Student, rng: torch.Generator) -> None:
    some = random_pass(rng, 1, 5, 3, 4)
    direct = torch.zeros_like(some.grad_h)
    direct[:, -1] = some.grad_h[:, -1]
    p = passed(some.weights, some.x, some.h0, direct)
    expect_gradient(
        run_bptt(student, p),
        p,
        "x",
        wrong_walks(p),
        "Only the last state has a loss here; e(t) of the others is U^T d(t + 1)",
    )


@suite.check(BPTT, points=1, title="every step adds its own loss to what comes back")
def loss_at_every_step(student: Student, rng: torch.Generator) -> None:
    p = random_pass(rng, 2, 6, 3, 4)
    U, last = p.weights.weight_hh, torch.zeros_like(p.grad_h)
    last[:, -1] = p.grad_h[:, -1]
    only_last = passed(p.weights, p.x, p.h0, last)
    late = p._replace(grad_h=torch.cat([p.grad_h[:, 1:], torch.zeros_like(last[:, :1])], dim=1))
    forwards = p._replace(grad_h=p.grad_h.flip(1))
    suspects = wrong_walks(p) | {
        "Only the loss at the last step counts": only_last.wanted["x"],
        "grad_h is used one step too early": walked_back(
            late, lambda delta, t: delta @ U, lambda t: 1 - p.h[:, t] ** 2
        ),
        "grad_h is read from the wrong end": walked_back(
            forwards, lambda delta, t: delta @ U, lambda t: 1 - p.h[:, t] ** 2
        ),
    }
    expect_gradient(
        run_bptt(student, p), p, "x", suspects, "e(t) = grad_h[:, t] + U^T d(t + 1), at every step"
    )


@suite.check(BPTT, points=1, title="the gradient by U pairs d(t) with the state before")
def recurrent_weight(student: Student, rng: torch.Generator) -> None:
    p = readable_pass(rng, 2, 5, 4)

    def outer(d: Tensor, h: Tensor) -> Tensor:
        return torch.einsum("bth,btk->hk", d, h)

    zero_start = torch.cat([torch.zeros_like(p.h0).unsqueeze(1), p.h[:, :-1]], dim=1)

    def suspects(d: Tensor) -> dict[str, Tensor]:
        return {
            "It pairs d(t) with h(t); U was multiplied with h(t-1)": outer(d, p.h),
            "h0 is left out: the first step also used U": outer(d, zero_start),
            "It looks transposed: entry [i, j] is d_i times h_j": outer(p.previous, d),
            "Gradients of the batch are averaged, not summed": outer(d, p.previous) / 2,
            "Gradients are averaged over time, not summed": outer(d, p.previous) / 5,
            "Only the first step counts": outer(d[:, :1], p.previous[:, :1]),
            "Only the last step counts": outer(d[:, -1:], p.previous[:, -1:]),
        }

    expect_sum(
        run_bptt(student, p),
        p,
        "weight_hh",
        lambda d: outer(d, p.previous),
        suspects,
        "It is the sum of d(t) h(t-1)^T over steps and sequences",
    )


@suite.check(BPTT, points=0.5, title="the gradients by W and b sum over steps and sequences")
def sums(student: Student, rng: torch.Generator) -> None:
    p = readable_pass(rng, 3, 4, 5)
    found = run_bptt(student, p)
    batch, time, _ = p.x.shape

    def outer(d: Tensor) -> Tensor:
        return torch.einsum("bth,bti->hi", d, p.x)

    def flat(d: Tensor) -> Tensor:
        return d.sum(dim=(0, 1))

    for name, by in (("weight_ih", outer), ("bias", flat)):

        def suspects(d: Tensor, by: Callable[[Tensor], Tensor] = by) -> dict[str, Tensor]:
            first, last = torch.zeros_like(d), torch.zeros_like(d)
            first[:, 0], last[:, -1] = d[:, 0], d[:, -1]
            return {
                "Gradients of the batch are averaged, not summed": by(d) / batch,
                "Gradients are averaged over time, not summed": by(d) / time,
                "Gradients are averaged over steps and sequences, not summed": by(d) / batch / time,
                "Only the last step counts": by(last),
                "Only the first step counts": by(first),
                "It looks transposed: entry [i, j] is d_i times x_j": by(d).t(),
            }

        expect_sum(
            found, p, name, by, suspects, "Every step and every sequence adds its part to the sum"
        )


@suite.check(BPTT, points=0.5, title="the error reaches the state before the first token")
def first_state(student: Student, rng: torch.Generator) -> None:
    p = readable_pass(rng, 2, 3, 4)
    U = p.weights.weight_hh

    def suspects(d: Tensor) -> dict[str, Tensor]:
        return {
            "It is d(1); one more U^T is missing": d[:, 0],
            "U looks transposed: U^T d is delta @ weight_hh in a batch": d[:, 0] @ U.T,
            "It is zero; what is carried back from the first step is its gradient": 0 * d[:, 0],
            "It stops one step early: this is U^T d(2)": d[:, 1] @ U,
            "h(0) has no slope: it is U^T d(1) alone": (d[:, 0] @ U) * (1 - p.h0**2),
        }

    expect_sum(
        run_bptt(student, p), p, "h0", lambda d: d[:, 0] @ U, suspects, "It should be U^T d(1)"
    )


@suite.check(
    BPTT, points=0.5, title="edges: sizes of one, saturated units, float32, arguments kept"
)
def bptt_edges(student: Student, rng: torch.Generator) -> None:
    for sizes in ((1, 1, 1, 1), (1, 9, 1, 3), (5, 1, 2, 1), (2, 33, 3, 2)):
        p = random_pass(rng, *sizes)
        found = run_bptt(student, p)
        untouched(student, "bptt")
        for name in p.wanted:
            hint = "with batch, time, input and hidden of " + ", ".join(map(str, sizes))
            expect_gradient(found, p, name, {}, hint)
    p = random_pass(rng, 2, 4, 3, 5)
    stuck = p._replace(h=torch.where(p.h > 0, 1.0, -1.0).double())
    for name, value in zip(p.wanted, run_bptt(student, stuck), strict=True):
        hint = "Every unit is at its limit, h = 1 or -1, so nothing may pass"
        expect_close(
            value,
            torch.zeros_like(p.wanted[name]),
            atol=0,
            what=f"the gradient by {name}",
            hint=hint,
        )
    single = p._replace(
        weights=Weights(*(value.float() for value in p.weights)),
        x=p.x.float(),
        h0=p.h0.float(),
        h=p.h.float(),
        grad_h=p.grad_h.float(),
    )
    for name, value in zip(p.wanted, run_bptt(student, single), strict=True):
        expect_close(
            value,
            p.wanted[name].float(),
            atol=SINGLE,
            rtol=SINGLE,
            what=f"in float32 the gradient by {name}",
            hint="float32 in should give float32 out",
        )
