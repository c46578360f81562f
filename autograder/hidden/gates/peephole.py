"""Part 5, peepholes: which gate sees which cells, and through which weights."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from autograder.checks import Remote, Student, expect, expect_type
from autograder.hidden.gates import equation
from autograder.hidden.gates.cell import NAMES, both
from autograder.hidden.gates.equation import (
    MISTAKES,
    RIGHT,
    Equation,
    See,
    no_peephole,
    through_peephole,
)
from autograder.hidden.gates.suite import suite
from autograder.hidden.shared.asking import expect_form
from autograder.hidden.shared.comparing import alike
from autograder.hidden.shared.gradients import expect_gradients
from autograder.hidden.shared.layers import Weights, gradients_of, loaded
from autograder.hidden.shared.owned import expect_mechanism, outcomes
from autograder.hidden.shared.tools import DOUBLE, SINGLE, normal, untouched

PEEPHOLE = "peephole-tests"


def all_see(see: See) -> Equation:
    return Equation(see_i=see, see_f=see, see_o=see)


PEEPHOLES: Mapping[str, Mapping[str, Equation]] = {
    "input": {
        "The input gate does not see the cells": Equation(see_i=no_peephole),
        "The net input of i is multiplied with p_i c(t-1); it should be added": (
            Equation(see_i=lambda net, p, c: net * p * c)
        ),
    },
    "forget": {
        "The forget gate does not see the cells": Equation(see_f=no_peephole),
        "p_f c(t-1) is subtracted": Equation(see_f=lambda net, p, c: net - p * c),
    },
    "output": {
        "The output gate does not see the cells": Equation(see_o=no_peephole),
        "The output gate sees the old cells c(t-1); it comes last and sees the new ones, c(t)": (
            Equation(output_sees=lambda old, new: old)
        ),
        "The output gate sees tanh(c(t)); it sees c(t) itself": (
            Equation(output_sees=lambda old, new: torch.tanh(new))
        ),
    },
    "places": {
        "p_i and p_f are exchanged: the rows of peephole are p_i, p_f, p_o": (
            Equation(p=lambda p: (p[1], p[0], p[2]))
        ),
        "The rows of peephole are taken as p_f, p_o, p_i; they are p_i, p_f, p_o": (
            Equation(p=lambda p: (p[2], p[0], p[1]))
        ),
        "The rows of peephole are taken as p_o, p_f, p_i; they are p_i, p_f, p_o": (
            Equation(p=lambda p: (p[2], p[1], p[0]))
        ),
        "g sees the cells, too; only the three gates do": Equation(see_g=through_peephole),
        "The cells are added without their weights p": all_see(lambda net, p, c: net + c),
        "The cells enter with the sign turned round": all_see(lambda net, p, c: net - p * c),
        "There are no peepholes: peephole is not used": all_see(no_peephole),
        "No gate but the output gate sees the cells": (
            Equation(see_i=no_peephole, see_f=no_peephole)
        ),
    },
}
ALL = {**MISTAKES, **PEEPHOLES}


def random_weights(rng: torch.Generator, inputs: int, hidden: int) -> Weights:
    """As for the LSTM, and p."""
    return {
        **equation.random_weights(rng, inputs, hidden),
        "peephole": normal(rng, 3, hidden),
    }


def cell_with(student: Student, weights: Weights) -> tuple[Remote, dict[str, str]]:
    hidden = weights["weight_hh"].shape[1]
    cell: Remote = student.PeepholeLSTMCell(weights["weight_ih"].shape[1], hidden)
    expect_type(cell, Remote, what="PeepholeLSTMCell(...)")
    return cell, loaded(cell, weights)


def expect_in_cell(
    student: Student, rng: torch.Generator, mechanisms: tuple[str, ...], hint: str, *, only: str
) -> None:
    """Fail unless one step is right while only these peepholes are open; name the mistake."""
    weights = dict(random_weights(rng, 3, 5))
    for row, gate in enumerate("ifo"):
        if gate not in only:
            weights["peephole"][row] = 0
    x, h, c = normal(rng, 4, 3), normal(rng, 4, 5), normal(rng, 4, 5)

    def answer(mistaken: Equation) -> Tensor:
        return torch.cat(mistaken.step(weights, x, h, c), dim=1)

    cell, _ = cell_with(student, weights)
    found = torch.cat(both(cell(x, h, c), h.shape, "PeepholeLSTMCell"), dim=1)
    what = "h(t) and c(t)"
    expect_mechanism(found, answer(RIGHT), outcomes(ALL, answer), mechanisms, hint, what)


@suite.check(PEEPHOLE, points=0.5, title="input gate and forget gate see the old cells")
def before_the_cells(student: Student, rng: torch.Generator) -> None:
    for only, mechanism in (("i", "input"), ("f", "forget")):
        hint = f"Only p_{only} is not 0 here: p_{only} c(t-1) belongs to net_{only}, inside of s"
        expect_in_cell(student, rng, (mechanism,), hint, only=only)


@suite.check(PEEPHOLE, points=0.5, title="the output gate sees the new cells")
def behind_the_cells(student: Student, rng: torch.Generator) -> None:
    hint = "Only p_o is not 0 here: p_o c(t) belongs to net_o, inside of s"
    expect_in_cell(student, rng, ("output",), hint, only="o")


@suite.check(PEEPHOLE, points=0.5, title="three gates, three rows of weights; the rest as ever")
def all_peepholes(student: Student, rng: torch.Generator) -> None:
    hint = "The rows of peephole are p_i, p_f, p_o; g, c and h are those of LSTMCell"
    mechanisms = ("places", *MISTAKES)
    expect_in_cell(student, rng, mechanisms, hint, only="ifo")


@suite.check(PEEPHOLE, points=0.5, title="gradients, any batch and width, float32")
def peephole_edges(student: Student, rng: torch.Generator) -> None:
    for batch, inputs, hidden in ((4, 3, 5), (1, 1, 1), (2, 1, 4)):
        expect_at_size(student, rng, batch, inputs, hidden)


def expect_at_size(
    student: Student, rng: torch.Generator, batch: int, inputs: int, hidden: int
) -> None:
    equations = [RIGHT, *(each for group in ALL.values() for each in group.values())]
    weights = random_weights(rng, inputs, hidden)
    x, h, c = normal(rng, batch, inputs), normal(rng, batch, hidden), normal(rng, batch, hidden)
    cell, keys = cell_with(student, weights)
    with torch.no_grad():
        found = both(cell(x, h, c), h.shape, "PeepholeLSTMCell")
    untouched(student, "PeepholeLSTMCell")
    like = [e for e in equations if all(map(alike, found, e.step(weights, x, h, c)))]
    mistaken = like[0] if like else RIGHT
    expect_gradients(
        "PeepholeLSTMCell",
        rng,
        {"x(t)": x, "h(t-1)": h, "c(t-1)": c},
        weights,
        lambda given: dict(zip(NAMES, both(cell(*given.values()), h.shape), strict=True)),
        lambda given, w: dict(zip(NAMES, mistaken.step(w, *given.values()), strict=True)),
        lambda: gradients_of(cell, keys),
    )
    single = cell.float()(x.float(), h.float(), c.float())
    for what, value, wanted in zip(
        NAMES, both(single, h.shape), mistaken.step(weights, x, h, c), strict=True
    ):
        expect_form(value, h.float(), f"{what} in a cell of float32")
        close = torch.allclose(value.to(DOUBLE), wanted, atol=SINGLE, rtol=SINGLE)
        expect(close, f"{what} in a cell of float32 is not what it is in float64")
