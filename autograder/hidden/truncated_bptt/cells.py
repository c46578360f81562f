"""Part 2, memory cells: what comes out first, then which way error goes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autograder.checks import Student, expect, expect_shape
from autograder.hidden.shared.asking import expect_form, in_either, numbers, tolerance
from autograder.hidden.shared.owned import Mistake, expect_own, known
from autograder.hidden.shared.tools import SINGLE, close, normal, pair, untouched
from autograder.hidden.truncated_bptt.rule1997 import RIGHT, Net, Rule, net, run, same
from autograder.hidden.truncated_bptt.suite import CELLS, suite

PARTS = ("the outputs", "state.s", "state.y")

# --- typical mistakes, by the check that is meant for them -------------------------------------

FORWARD: list[tuple[str, str, Rule]] = [
    (
        "one_step",
        "W has the rows of the input gates before those of the output gates; here they are "
        "exchanged",
        Rule(rows=(0, 2, 1)),
    ),
    (
        "one_step",
        "W has the rows of the cells first, and those of the gates after them",
        Rule(rows=(2, 0, 1)),
    ),
    ("one_step", "z is [x; y; 1]: here the token comes after y", Rule(columns=(1, 0, 2))),
    ("one_step", "z is [x; y; 1]: here the 1 comes first", Rule(columns=(2, 0, 1))),
    ("one_step", "The gates are logistic functions, here they are tanh", Rule(soft=torch.tanh)),
    (
        "one_step",
        "What is written is tanh of the cell's net input, not the logistic function",
        Rule(squash=torch.sigmoid),
    ),
    ("one_step", "The output gate is missing", Rule(read=lambda u: torch.tanh(u.s))),
    ("one_step", "What is read is tanh(s), not s", Rule(read=lambda u: u.out * u.s)),
    (
        "one_step",
        "The cell is read before it is written: y_c(t) uses the new s(t)",
        Rule(read=lambda u: u.out * torch.tanh(u.before)),
    ),
    ("one_step", "The input gate is missing", Rule(write=lambda u: u.before + u.g)),
    (
        "one_step",
        "The carousel is missing: s(t) begins with s(t-1)",
        Rule(write=lambda u: u.in_ * u.g),
    ),
    (
        "one_step",
        "The old state is faded by 1 - in: in 1997 nothing is forgotten",
        Rule(write=lambda u: (1 - u.in_) * u.before + u.in_ * u.g),
    ),
    (
        "feedback",
        "Only the cells feed back, the gates do not: y is [y_c; in; out]",
        Rule(feedback=lambda yc, u: torch.cat([yc, 0 * u.in_, 0 * u.out], 1)),
    ),
    (
        "feedback",
        "y is [y_c; in; out], here the gates are exchanged",
        Rule(feedback=lambda yc, u: torch.cat([yc, u.out, u.in_], 1)),
    ),
    (
        "feedback",
        "y begins with y_c; here the states s feed back",
        Rule(feedback=lambda yc, u: torch.cat([u.s, u.in_, u.out], 1)),
    ),
    ("feedback", "Every token begins with the first state", Rule(handed_on=(False, False))),
    (
        "feedback",
        "Every token hears the first y: hand the new one on",
        Rule(handed_on=(True, False)),
    ),
    (
        "feedback",
        "Every token begins with the first s: hand on the new one",
        Rule(handed_on=(False, True)),
    ),
]
Cut = Callable[[Rule], Rule]


def cuts(cells: int) -> list[tuple[str, str, Cut]]:
    """Where typical mistakes cut, beside or instead of y(t-1)."""

    def cells_only(y: Tensor) -> Tensor:
        return torch.cat([y[:, :cells].detach(), y[:, cells:]], dim=1)

    def gates_only(y: Tensor) -> Tensor:
        return torch.cat([y[:, :cells], y[:, cells:].detach()], dim=1)

    return [
        (
            "cut_recurrent",
            "Nothing is cut: with truncated, y(t-1) is a constant where it goes into z(t)",
            lambda rule: rule._replace(heard=same),
        ),
        (
            "cut_recurrent",
            "Only the cells' outputs are cut; the gates' must be, too",
            lambda rule: rule._replace(heard=cells_only),
        ),
        (
            "cut_recurrent",
            "Only the gates are cut; the cells' outputs must be, too",
            lambda rule: rule._replace(heard=gates_only),
        ),
        (
            "carousel",
            "The carousel is cut: s(t-1) must not be detached",
            lambda rule: rule._replace(kept=torch.detach),
        ),
        (
            "own_weights",
            "A gate that is detached after it is computed does not learn: what is cut is y(t-1), "
            "on its way into z(t)",
            lambda rule: rule._replace(gated=torch.detach),
        ),
    ]


# --- asking -----------------------------------------------------------------------------------


def outputs(student: Student, n: Net, truncated: bool | None = None) -> tuple[list[Any], float]:
    """Outputs and both entries of the state, and how close they can be."""

    def ask(dtype: torch.dtype) -> Any:
        W, x, s, y = (value.to(dtype) for value in n)
        given = [W, x, student.CellState(s, y)]
        return student.memory_cells(*given, *([] if truncated is None else [truncated]))

    yc, state = pair(in_either(ask), "memory_cells")
    expect(
        isinstance(state, tuple | list) and len(state) == 2,
        "memory_cells should return a pair: the outputs, and CellState(s, y)",
    )
    if isinstance(yc, Tensor) and yc.shape[:2] == (n.x.shape[1], len(n.x)) != n.x.shape[:2]:
        yc = yc.transpose(0, 1)  # `cells_form` asks for the axes of the text
    return [numbers(yc), *map(numbers, state)], tolerance([yc, *state])


def expect_outputs(
    check: str, student: Student, n: Net, hint: str, parts: tuple[str, ...] = PARTS
) -> None:
    """Fail unless what comes out is right; a mistake that another check looks at passes."""
    with torch.no_grad():
        found, atol = outputs(student, n)
        for i, (what, wanted) in enumerate(zip(PARTS, run(n), strict=True)):
            if what in parts:
                suspects = (Mistake(own, words, run(n, rule)[i]) for own, words, rule in FORWARD)
                expect_own(check, found[i], wanted, suspects, hint, what=what, atol=atol)


def habit(student: Student, n: Net) -> Rule:
    """The forward pass that explains all outputs: the right one, or a known mistake."""
    with torch.no_grad():
        found, atol = outputs(student, n)
        for rule in (RIGHT, *(rule for *_, rule in FORWARD)):
            answers = run(n, rule)
            if all(close(f, a, 100 * atol) for f, a in zip(found, answers, strict=True)):
                return rule
    return RIGHT


Pick = Callable[[dict[str, Tensor]], Tensor]


def gradients(
    forward: Callable[[Net], tuple[Tensor, Tensor]], n: Net, pull: Tensor, end: Tensor
) -> dict[str, Tensor]:
    """By W, x, s and y, of a weighted sum of all outputs and the last s."""
    leaves = Net(*(value.clone().requires_grad_() for value in n))
    y, s = forward(leaves)
    loss = (y * pull).sum() + (s * end).sum()
    expect(loss.requires_grad, "no gradient comes back through memory_cells: all is detached")
    found = torch.autograd.grad(loss, list(leaves), materialize_grads=True, allow_unused=True)
    return dict(zip(leaves._fields, found, strict=True))


def expect_gradient(
    check: str,
    student: Student,
    rng: torch.Generator,
    names: tuple[str, ...],
    hint: str,
    *,
    time: int = 5,
    truncated: bool | None = None,
    end_only: bool = False,
) -> None:
    """Fail unless gradients are right for the forward pass that the student's answer has."""
    n = net(rng, 3, time)
    pull, end = normal(rng, 3, time, n.cells), normal(rng, 3, n.cells)
    pull, end = (0 * pull, end) if end_only else (pull, 0 * end)
    base = habit(student, n)
    right = base._replace(heard=same) if truncated is False else base

    def theirs(leaves: Net) -> tuple[Tensor, Tensor]:
        (yc, s, _), _ = outputs(student, leaves, truncated)
        expect_shape(yc, pull.shape, what="the outputs")
        expect_shape(s, end.shape, what="state.s")
        return yc, s

    def ours(rule: Rule) -> dict[str, Tensor]:
        return gradients(lambda leaves: run(leaves, rule)[:2], n, pull, end)

    found, wanted = gradients(theirs, n, pull, end), ours(right)
    wrong = cuts(n.cells)
    if truncated is False:
        wrong = [("full_gradient", "truncated=False should cut nothing", lambda rule: base), *wrong]
    for name in names:
        suspects = (Mistake(own, words, ours(cut(right))[name]) for own, words, cut in wrong)
        what = f"the gradient by {name if name in 'Wx' else f'state.{name}'}"
        expect_own(check, found[name], wanted[name], suspects, hint, what=what)


# --- the checks -------------------------------------------------------------------------------


@suite.check(CELLS, points=0.5, title="outputs and CellState of the text's shapes; nothing changed")
def cells_form(student: Student, rng: torch.Generator) -> None:
    n = net(rng, 2, 4)
    wanted = run(n)
    for dtype in (torch.float64, torch.float32):
        W, x, s, y = (value.to(dtype) for value in n)
        state = student.CellState(s, y)
        with torch.no_grad():
            found, last = pair(student.memory_cells(W, x, state), "memory_cells")
        untouched(student, "memory_cells")
        expect(
            getattr(last, "_fields", None) == ("s", "y"),
            "memory_cells should return its state as CellState(s, y)",
        )
        for value, like, what in zip((found, *last), wanted, PARTS, strict=True):
            expect_form(value, like.to(dtype), what)
        wrong = (Mistake("", "", run(n, rule)[0]) for *_, rule in FORWARD)
        right = close(found.double(), wanted[0], SINGLE)
        expect(right or known(found.double(), wrong, SINGLE), "the form is right, no number is")


@suite.check(CELLS, points=0.5, title="one token: gates, carousel, output")
def one_step(student: Student, rng: torch.Generator) -> None:
    for batch, inputs, cells in ((4, 2, 3), (1, 3, 2), (3, 1, 1)):
        n = net(rng, batch, 1, inputs, cells)
        hint = f"One token, with {inputs} inputs and {cells} cells: look at the equations in turn"
        expect_outputs("one_step", student, n, hint, PARTS[:1])


@suite.check(CELLS, points=0.5, title="many tokens: s goes on, and all of y feeds back")
def feedback(student: Student, rng: torch.Generator) -> None:
    hint = "Each step hears y(t-1) = [y_c; in; out] of the step before"
    for batch, time in ((3, 6), (1, 30)):
        expect_outputs("feedback", student, net(rng, batch, time), hint)


@suite.check(
    CELLS, points=0.5, title="error goes back through the carousel unchanged, for any time"
)
def carousel(student: Student, rng: torch.Generator) -> None:
    hint = "Under the rule of 1997 ds(T)/ds(0) is one: s goes from step to step as it is"
    expect_gradient("carousel", student, rng, ("s",), hint, time=67, end_only=True)


@suite.check(CELLS, points=1, title="no error goes back through y(t-1), neither cells nor gates")
def cut_recurrent(student: Student, rng: torch.Generator) -> None:
    hint = "Cut y(t-1) on its way into z(t), and nothing else"
    expect_gradient("cut_recurrent", student, rng, ("W", "y"), hint)


@suite.check(
    CELLS, points=0.5, title="the weights of all three kinds of units learn, those on y too"
)
def own_weights(student: Student, rng: torch.Generator) -> None:
    hint = "Error reaches every weight that was used in a step, and the tokens"
    expect_gradient("own_weights", student, rng, ("W", "x"), hint, time=4)


@suite.check(CELLS, points=0.5, title="truncated=False: the full gradient, the same outputs")
def full_gradient(student: Student, rng: torch.Generator) -> None:
    names, hint = ("W", "x", "s", "y"), "Without truncated, error goes back through everything"
    expect_gradient("full_gradient", student, rng, names, hint, truncated=False)
    n = net(rng, 2, 5)
    with torch.no_grad():
        (found, *_), atol = outputs(student, n, False)
        suspects = (Mistake("elsewhere", words, run(n, rule)[0]) for _, words, rule in FORWARD)
        what = "with truncated=False, the outputs"
        hint = "Truncation changes gradients, not outputs"
        expect_own("full_gradient", found, run(n)[0], suspects, hint, what=what, atol=atol)
