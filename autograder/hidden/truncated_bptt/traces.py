"""Part 3, traces: a step forward from traces of ours, then what an error makes of them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from autograder.checks import Student, expect, expect_close, expect_shape
from autograder.hidden.shared.asking import expect_form, in_either, numbers, tolerance
from autograder.hidden.shared.owned import expect_own
from autograder.hidden.shared.tools import SINGLE, close, normal, untouched
from autograder.hidden.truncated_bptt.held import (
    Held,
    block_mistakes,
    differentiated,
    forward_mistakes,
    held,
    right_blocks,
    trace_mistakes,
)
from autograder.hidden.truncated_bptt.rule1997 import Net, net, run
from autograder.hidden.truncated_bptt.suite import TRACES, suite

FIELDS = ("s", "y", "z", "cell", "gate")


# --- asking -----------------------------------------------------------------------------------


def step(student: Student, n: Net, before: Held) -> tuple[dict[str, Any], float]:
    """What trace_step returns, by name; `trace_form` asks for the form."""

    def ask(dtype: torch.dtype) -> Any:
        given = student.Traces(*(value.to(dtype) for value in before))
        with torch.no_grad():
            return student.trace_step(n.W.to(dtype), n.x[:, 0].to(dtype), given)

    found = in_either(ask)
    expect(
        isinstance(found, tuple | list) and len(found) == len(FIELDS),
        f"trace_step should return Traces({', '.join(FIELDS)})",
    )
    named = {name: numbers(value) for name, value in zip(FIELDS, found, strict=True)}
    return named, tolerance(list(found))


def gradient(student: Student, now: Held, error: Tensor) -> tuple[Any, float]:
    def ask(dtype: torch.dtype) -> Any:
        given = student.Traces(*(value.to(dtype) for value in now))
        with torch.no_grad():
            return student.trace_gradient(given, error.to(dtype))

    found = in_either(ask)
    return numbers(found), tolerance(found)


# --- the checks -------------------------------------------------------------------------------


@suite.check(
    TRACES, points=0.5, title="Traces and a gradient of the right form; nothing is changed"
)
def trace_form(student: Student, rng: torch.Generator) -> None:
    n = net(rng, 2, 1)
    before, right = held(n, rng), differentiated(n)
    error = normal(rng, 2, n.cells)
    for dtype in (torch.float64, torch.float32):
        given = student.Traces(*(value.to(dtype) for value in before))
        with torch.no_grad():
            found = student.trace_step(n.W.to(dtype), n.x[:, 0].to(dtype), given)
            untouched(student, "trace_step")
            expect(
                getattr(found, "_fields", None) == FIELDS,
                f"trace_step should return Traces({', '.join(FIELDS)})",
            )
            for name in FIELDS:
                like = getattr(before, name).to(dtype)
                expect_form(getattr(found, name), like, f"{name} of the Traces returned")
            given = student.Traces(*(value.to(dtype) for value in before))
            by_W = student.trace_gradient(given, error.to(dtype))
            untouched(student, "trace_gradient")
            hint = "It has the shape of W, summed over the sequences"
            expect_form(by_W, n.W.to(dtype), "what trace_gradient returns", hint)
        worked = [close(getattr(found, name).double(), wanted, SINGLE) for name, wanted in (
            ("s", right.s), ("cell", before.cell + right.cell), ("gate", before.gate + right.gate)
        )]  # fmt: skip
        expect(any(worked), "the form is right, but neither the state nor a trace is")


@suite.check(TRACES, points=0.5, title="the forward half: s, y, and z of what was heard")
def forward_half(student: Student, rng: torch.Generator) -> None:
    for batch, inputs, cells in ((3, 2, 3), (1, 1, 1)):
        n = net(rng, batch, 1, inputs, cells)
        found, atol = step(student, n, held(n, rng))
        right = differentiated(n)
        wrong = forward_mistakes(n, right)
        for name in ("s", "y", "z"):
            hint = "It is one step of the equations of part 2"
            wanted = getattr(right, name)
            given = (wrong[name] if cells > 1 else [], hint)
            what = f"{name} of the Traces returned"
            expect_own("forward_half", found[name], wanted, *given, what=what, atol=atol)


def expect_trace(check: str, student: Student, n: Net, before: Held, name: str, hint: str) -> None:
    found, atol = step(student, n, before)
    right = differentiated(n)
    wanted = getattr(before, name) + getattr(right, name)
    wrong = trace_mistakes(n, before, right, name)
    what = f"the trace `{name}`"
    expect_own(check, found[name], wanted, wrong, hint, what=what, atol=atol)


@suite.check(TRACES, points=0.5, title="what a step adds to the trace of the cell's weights")
def cell_trace(student: Student, rng: torch.Generator) -> None:
    n = net(rng, 3, 1)
    hint = "A step adds in (1 - tanh^2) z(t)"
    expect_trace("cell_trace", student, n, held(n, rng), "cell", hint)


@suite.check(TRACES, points=0.5, title="what a step adds to the trace of the input gate's weights")
def gate_trace(student: Student, rng: torch.Generator) -> None:
    n = net(rng, 3, 1)
    hint = "A step adds tanh in (1 - in) z(t)"
    expect_trace("gate_trace", student, n, held(n, rng), "gate", hint)


@suite.check(TRACES, points=0.5, title="the carousel keeps the old traces as they are")
def traces_add_up(student: Student, rng: torch.Generator) -> None:
    n = net(rng, 3, 1)
    for name in ("cell", "gate"):
        hint = "The new trace is the old one plus what the step adds"
        expect_trace("traces_add_up", student, n, held(n, rng), name, hint)


def expect_blocks(
    check: str, student: Student, rng: torch.Generator, blocks: range, hint: str
) -> None:
    n = net(rng, 3, 1)
    now = held(n, rng)
    error = normal(rng, 3, n.cells)
    found, atol = gradient(student, now, error)
    expect_shape(found, n.W.shape, what="what trace_gradient returns")
    wrong, right = block_mistakes(now, error), right_blocks(now, error)
    for i in blocks:
        rows = found[i * n.cells : (i + 1) * n.cells]
        what = f"the rows of the {('cells', 'input gates', 'output gates')[i]} in the gradient"
        expect_own(check, rows, right[i], wrong[i], hint, what=what, atol=atol)


@suite.check(
    TRACES, points=0.5, title="the error meets the cell's trace through output gate and tanh"
)
def cell_gradient(student: Student, rng: torch.Generator) -> None:
    hint = "It is E times the trace `cell`, with E = error out (1 - tanh(s)^2)"
    expect_blocks("cell_gradient", student, rng, range(1), hint)


@suite.check(TRACES, points=0.5, title="the error meets the input gate's trace in the same way")
def gate_gradient(student: Student, rng: torch.Generator) -> None:
    hint = "It is E times the trace `gate`, with E = error out (1 - tanh(s)^2)"
    expect_blocks("gate_gradient", student, rng, range(1, 2), hint)


@suite.check(TRACES, points=0.5, title="the output gate learns from this step alone")
def output_gate_gradient(student: Student, rng: torch.Generator) -> None:
    hint = "It is error tanh(s) out (1 - out) times z(t)"
    expect_blocks("output_gate_gradient", student, rng, range(2, 3), hint)


@suite.check(TRACES, points=0.5, title="gradients are summed over the sequences, in the order of W")
def sum_over_batch(student: Student, rng: torch.Generator) -> None:
    hint = "Each sequence adds its part"
    expect_blocks("sum_over_batch", student, rng, range(3), hint)


@suite.check(
    TRACES, points=0.5, title="step by step over a sequence: PyTorch's gradient, to rounding"
)
def whole_run(student: Student, rng: torch.Generator) -> None:
    for batch, time, inputs, cells in ((3, 12, 2, 3), (1, 40, 2, 2), (2, 1, 1, 1)):
        n = net(rng, batch, time, inputs, cells)
        pull = normal(rng, batch, time, cells)
        W = n.W.clone().requires_grad_()
        (wanted,) = torch.autograd.grad((run(n._replace(W=W))[0] * pull).sum(), W)
        width = n.W.shape[1]
        zeros = torch.zeros(batch, cells, width, dtype=n.W.dtype)
        now = Held(n.s, n.y, zeros[:, 0], zeros, zeros)
        total, atol = torch.zeros_like(wanted), 0.0
        for t in range(time):
            found, atol = step(student, n._replace(x=n.x[:, t : t + 1]), now)
            for name, like in zip(FIELDS, now, strict=True):
                expect_shape(found[name], like.shape, what=f"{name} of the Traces returned")
            now = Held(**found)
            part, _ = gradient(student, now, pull[:, t])
            expect_shape(part, n.W.shape, what="what trace_gradient returns")
            total = total + part
        what = f"the sum of the gradients of {time} steps"
        hint = "It should be the gradient of part 2's layer"
        # Sums of hundreds of numbers, in another order than PyTorch's.
        expect_close(total, wanted, atol=10 * atol, rtol=10 * atol, what=what, hint=hint)
