"""Part 3, traces: a step forward from traces of ours, then what an error makes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from autograder.checks import Student, expect, expect_close, expect_shape
from autograder.hidden.shared.asking import expect_form, in_either, numbers, tolerance
from autograder.hidden.shared.owned import Mistake, expect_own
from autograder.hidden.shared.tools import SINGLE, close, normal, untouched
from autograder.hidden.truncated_bptt.rule1997 import Net, net, run
from autograder.hidden.truncated_bptt.suite import TRACES, suite

FIELDS = ("s", "y", "z", "cell", "gate")


class Held(NamedTuple):
    """As the exercise's Traces."""

    s: Tensor
    y: Tensor
    z: Tensor
    cell: Tensor
    gate: Tensor


def held(n: Net, rng: torch.Generator) -> Held:
    """A state of the net, and traces as if much had been read."""
    width = n.W.shape[1]
    traces = (normal(rng, len(n.s), n.cells, width) for _ in range(2))
    return Held(n.s, n.y, normal(rng, len(n.s), width), *traces)


def differentiated(n: Net) -> Held:
    """One step, with ds/dW by PyTorch for traces that begin with zero."""
    W = n.W.clone().requires_grad_()
    W_each = W.expand(len(n.s), *W.shape)  # a copy for each sequence

    def states(W_each: Tensor) -> Tensor:
        outs = [
            run(Net(W_each[b], n.x[b : b + 1], n.s[b : b + 1], n.y[b : b + 1]))[1]
            for b in range(len(n.s))
        ]
        return torch.cat(outs)

    leaf = W_each.detach().clone().requires_grad_()
    s = states(leaf)
    rows = [torch.autograd.grad(s[:, j].sum(), leaf, retain_graph=True)[0] for j in range(n.cells)]
    cell = torch.stack([row[:, j] for j, row in enumerate(rows)], dim=1)
    gate = torch.stack([row[:, n.cells + j] for j, row in enumerate(rows)], dim=1)
    _, s, y = (value.detach() for value in run(n))
    z = torch.cat([n.x[:, 0], n.y, torch.ones_like(n.x[:, 0, :1])], dim=1)
    return Held(s, y, z, cell, gate)


class Inside(NamedTuple):
    """The quantities of one step that factors are made of."""

    g: Tensor
    in_: Tensor
    out: Tensor
    s: Tensor


def inside(n: Net, z: Tensor) -> Inside:
    net_c, net_in, net_out = (z @ n.W.T).split(n.cells, dim=1)
    g, in_ = torch.tanh(net_c), torch.sigmoid(net_in)
    return Inside(g, in_, torch.sigmoid(net_out), n.s + in_ * g)


def outer(factor: Tensor, z: Tensor) -> Tensor:
    return factor.unsqueeze(2) * z.unsqueeze(1)


# --- typical mistakes -------------------------------------------------------------------------

CELL_FACTORS: dict[str, Callable[[Inside], Tensor]] = {
    "The slope of tanh is missing": lambda u: u.in_,
    "The slope is 1 - tanh^2; here it is taken at tanh of tanh": (
        lambda u: u.in_ * (1 - torch.tanh(u.g) ** 2)
    ),
    "The slope is 1 - tanh^2, not 1 - tanh": lambda u: u.in_ * (1 - u.g),
    "The slope g (1 - g) belongs to the logistic function": lambda u: u.in_ * u.g * (1 - u.g),
    "The input gate is missing": lambda u: 1 - u.g**2,
    "It has the output gate in place of the input gate": lambda u: u.out * (1 - u.g**2),
    "It has the gate's slope, in (1 - in), in place of the gate": (
        lambda u: u.in_ * (1 - u.in_) * (1 - u.g**2)
    ),
    "This is the factor of the input gate's trace": lambda u: u.g * u.in_ * (1 - u.in_),
    "It has tanh itself in place of its slope": lambda u: u.in_ * u.g,
}
GATE_FACTORS: dict[str, Callable[[Inside], Tensor]] = {
    "The slope of the gate is missing: in (1 - in)": lambda u: u.g,
    "The slope of the gate is in (1 - in), not in": lambda u: u.g * u.in_,
    "The slope of the gate is in (1 - in), not 1 - in": lambda u: u.g * (1 - u.in_),
    "The slope 1 - in^2 belongs to tanh": lambda u: u.g * (1 - u.in_**2),
    "It has the slope of the output gate": lambda u: u.g * u.out * (1 - u.out),
    "What the gate lets in is tanh of the net input; here it is missing": (
        lambda u: u.in_ * (1 - u.in_)
    ),
    "It has the slope of tanh in place of tanh": lambda u: (1 - u.g**2) * u.in_ * (1 - u.in_),
    "This is the factor of the cell's own trace": lambda u: u.in_ * (1 - u.g**2),
    "It has the state s in place of what is written now": lambda u: u.s * u.in_ * (1 - u.in_),
}


def trace_mistakes(n: Net, before: Held, right: Held, name: str) -> list[Mistake]:
    """What typical mistakes make of one trace."""
    old, new, check = getattr(before, name), getattr(right, name), f"{name}_trace"
    u, z = inside(n, right.z), right.z
    factors = CELL_FACTORS if name == "cell" else GATE_FACTORS
    factor = inside_factor(name, u)
    y_new = torch.cat([n.x[:, 0], right.y, torch.ones_like(z[:, :1])], dim=1)
    wrong = {words: old + outer(make(u), z) for words, make in factors.items()}
    wrong |= {
        "z(t) has the new y: it must have y(t-1)": old + outer(factor, y_new),
        "It has z of the step before": old + outer(factor, before.z),
        "The sign of what is new is turned round": old - new,
    }
    fades = {
        "The trace does not add up: what it was before is lost": new,
        "The old trace fades with the input gate; the carousel keeps it as it is": (
            u.in_.unsqueeze(2) * old + new
        ),
        "The old trace fades with 1 - in; there is no forgetting in 1997": (
            (1 - u.in_).unsqueeze(2) * old + new
        ),
        "The old trace goes through the factor of the new part": (
            factor.unsqueeze(2) * (old + z.unsqueeze(1))
        ),
        "This is a running mean; a trace is a sum": (old + new) / 2,
    }
    return [
        *(Mistake(check, words, value) for words, value in wrong.items()),
        *(Mistake("traces_add_up", words, value) for words, value in fades.items()),
    ]


def inside_factor(name: str, u: Inside) -> Tensor:
    return u.in_ * (1 - u.g**2) if name == "cell" else u.g * u.in_ * (1 - u.in_)


def forward_mistakes(n: Net, right: Held) -> dict[str, list[Mistake]]:
    u = inside(n, right.z)
    check = "forward_half"

    def y(yc: Tensor, *gates: Tensor) -> Tensor:
        return torch.cat([yc, *gates], dim=1)

    yc = u.out * torch.tanh(u.s)
    return {
        "s": [
            Mistake(check, "The old state is missing", u.in_ * u.g),
            Mistake(check, "The input gate is missing", n.s + u.g),
            Mistake(check, "The gates are exchanged", n.s + u.out * u.g),
            Mistake(check, "This is the state before the step", n.s),
        ],
        "y": [
            Mistake(check, "y is [y_c; in; out]: the gates are exchanged", y(yc, u.out, u.in_)),
            Mistake(
                check,
                "The cell is read before it is written",
                y(u.out * torch.tanh(n.s), u.in_, u.out),
            ),
            Mistake(check, "What is read is tanh(s), not s", y(u.out * u.s, u.in_, u.out)),
            Mistake(check, "The output gate is missing", y(torch.tanh(u.s), u.in_, u.out)),
        ],
        "z": [
            Mistake(
                check,
                "z has the new y: it must have y(t-1), what the units have heard",
                torch.cat([n.x[:, 0], right.y, torch.ones_like(right.z[:, :1])], dim=1),
            )
        ],
    }


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


BLOCKS = ("cell_gradient", "gate_gradient", "output_gate_gradient")


def block_mistakes(now: Held, error: Tensor) -> list[list[Mistake]]:
    """For each block of rows of the gradient, what typical mistakes make of it."""
    cells = now.s.shape[1]
    yc, in_, out = now.y.split(cells, dim=1)
    h = torch.tanh(now.s)
    E, slope = error * out * (1 - h**2), error * h * out * (1 - out)

    def met(factor: Tensor, trace: Tensor) -> Tensor:
        return torch.einsum("bc,bcm->cm", factor, trace)

    entering = {
        "The output gate is missing on the error's way in": error * (1 - h**2),
        "The slope of tanh(s) is missing on the error's way in": error * out,
        "The error meets the trace as it is; it comes in through out and tanh(s)": error,
        "The slope is taken at y_c; it is 1 - tanh(s)^2": error * out * (1 - yc**2),
        "The slope is 1 - tanh(s)^2, not 1 - s^2": error * out * (1 - now.s**2),
        "It has the input gate in place of the output gate": error * in_ * (1 - h**2),
        "It has the output gate's slope in place of the gate": (
            error * out * (1 - out) * (1 - h**2)
        ),
        "It has h in place of its slope": error * out * h,
        "The sign is turned round: this is the step downhill": -E,
    }
    at_gate = {
        "h = tanh(s) is missing": error * out * (1 - out),
        "The slope of the output gate is missing": error * h,
        "The slope is out (1 - out), not out": error * h * out,
        "The slope is out (1 - out), not 1 - out": error * h * (1 - out),
        "out stands in it twice: y_c = out h already has it": error * yc * out * (1 - out),
        "It has s in place of tanh(s)": error * now.s * out * (1 - out),
        "It has the input gate in place of the output gate": error * h * in_ * (1 - in_),
        "It has the slope of tanh(s), which is no part of it": slope * (1 - h**2),
        "The sign is turned round: this is the step downhill": -slope,
    }
    found = []
    for check, trace in (("cell_gradient", now.cell), ("gate_gradient", now.gate)):
        wrong = {words: met(factor, trace) for words, factor in entering.items()}
        found.append([Mistake(check, words, value) for words, value in wrong.items()])
    wrong = {words: factor.T @ now.z for words, factor in at_gate.items()}
    wrong["The output gate has no trace: it acts on this step alone"] = met(slope, now.cell)
    wrong["The output gate has no trace: it acts on this step alone, with z(t)"] = met(
        slope, now.gate
    )
    found.append([Mistake(BLOCKS[2], words, value) for words, value in wrong.items()])
    # Mistakes of all three blocks.
    rights = right_blocks(now, error)
    first = [right_blocks(Held(*(value[:1] for value in now)), error[:1])[i] for i in range(3)]
    for i, suspects in enumerate(found):
        words = "It is averaged over the sequences, not summed"
        suspects.insert(0, Mistake("sum_over_batch", words, rights[i] / len(error)))
        suspects.insert(0, Mistake("sum_over_batch", "Only the first sequence counts", first[i]))
        order = (
            "W has the rows of the cells, then the input gates, then the output gates; or are the "
            "two traces exchanged?"
        )
        for j in range(3):
            if j != i:
                suspects.append(Mistake("sum_over_batch", order, rights[j]))
    return found


def right_blocks(now: Held, error: Tensor) -> list[Tensor]:
    """The gradient, block by block: PyTorch's, through yc = out tanh(s) with ds/dW = traces."""
    cells = now.s.shape[1]
    width = now.z.shape[1]
    changes = [torch.zeros(cells, width, dtype=error.dtype).requires_grad_() for _ in range(3)]
    out = now.y[:, 2 * cells :]
    s = now.s + (now.cell * changes[0]).sum(2) + (now.gate * changes[1]).sum(2)
    gate = torch.sigmoid(torch.logit(out) + now.z @ changes[2].T)
    loss = (error * gate * torch.tanh(s)).sum()
    return list(torch.autograd.grad(loss, changes))


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
