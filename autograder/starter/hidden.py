"""Hidden tests. The judge runs them; students never get this file, nor does their code see it.

A check is a function of the student's work and of random numbers that are drawn anew for each
submission. `student.X` is the X of their notebook: calls, attributes, parameters and gradients go
to their process and back. A check fails when an expectation does, and its words are shown to the
student: name the likely mistake, not the answer. docs/own-assignment.md lists every expectation.
"""

from __future__ import annotations

import torch
from solution import AverageState, MovingAverage, half_life

from autograder.checks import (
    Remote,
    Student,
    Suite,
    expect_close,
    expect_gradcheck,
    expect_shape,
)

# What may not be used, by its name in the library. Here there is nothing ready-made.
suite = Suite("starter", refuse=[])
DOUBLE = torch.float64
GRAPH = "Is it made of torch's functions?"


# --- part 1: the grade_id is that of its test cell; the points of its checks add up to the cell's


@suite.check("half-life-tests", points=1, title="a state counts half after its half-life")
def halves(student: Student, rng: torch.Generator) -> None:
    decay = torch.rand(3, 2, generator=rng, dtype=DOUBLE) * 0.8 + 0.1
    found = student.half_life(decay)
    hint = "After n steps the state counts decay ** n: for which n is that 1/2?"
    expect_close(found, half_life(decay), atol=1e-9, hint=hint)


@suite.check("half-life-tests", points=1, title="gradients flow through")
def half_life_gradient(student: Student, rng: torch.Generator) -> None:
    decay = torch.rand(4, generator=rng, dtype=DOUBLE) * 0.8 + 0.1
    decay.requires_grad_()
    # Compared with finite differences of the same answer: whether that is right, `halves` says.
    expect_gradcheck(student.half_life, decay, shapes=[(4,)], hint=GRAPH)


# --- part 2: one mechanism each, so that a mistake costs its own points and no more ---------------


@suite.check("moving-average-tests", points=1, title="before the first token")
def begins_at_zero(student: Student, rng: torch.Generator) -> None:
    layer = student.MovingAverage(3).double()
    found = layer.initial_state(4).h
    expect_shape(found, (4, 3), what="the initial state", hint="The batch comes first")
    wanted = torch.zeros(4, 3, dtype=DOUBLE)
    expect_close(found, wanted, atol=0, what="the initial state", hint="new_zeros keeps the dtype")


@suite.check("moving-average-tests", points=1, title="one token")
def one_token(student: Student, rng: torch.Generator) -> None:
    layer, reference = pair(student, 3, rng)
    x, h = torch.randn(2, 5, 3, generator=rng, dtype=DOUBLE)  # two tensors, of (5, 3)
    y, state = layer.step(x, student.AverageState(h))
    wanted, after = reference.step(x, AverageState(h))
    expect_close(y, wanted, atol=1e-10, what="the average", hint="It is that of the new state")
    expect_close(state.h, after.h, atol=1e-10, what="the new state")


@suite.check("moving-average-tests", points=1, title="a whole sequence")
def whole_sequence(student: Student, rng: torch.Generator) -> None:
    layer, reference = pair(student, 3, rng)
    x = torch.randn(2, 7, 3, generator=rng, dtype=DOUBLE)
    y, last = layer(x)
    wanted, after = reference(x)
    expect_close(y, wanted, atol=1e-10, what="the averages", hint="Are a and 1 - a exchanged?")
    expect_close(last.h, after.h, atol=1e-10, what="the last state")


@suite.check("moving-average-tests", points=1, title="goes on from the state it is given")
def goes_on(student: Student, rng: torch.Generator) -> None:
    layer, reference = pair(student, 2, rng)
    x = torch.randn(1, 4, 2, generator=rng, dtype=DOUBLE)
    h = torch.randn(1, 2, generator=rng, dtype=DOUBLE)
    y, _ = layer(x, student.AverageState(h))
    wanted, _ = reference(x, AverageState(h))
    expect_close(y, wanted, atol=1e-10, hint="Does forward use the state that came in?")


def pair(student: Student, size: int, rng: torch.Generator) -> tuple[Remote, MovingAverage]:
    """The student's layer and ours, with the same random weights, in float64."""
    weights = {"logit": torch.randn(size, generator=rng, dtype=DOUBLE)}
    theirs, ours = student.MovingAverage(size).double(), MovingAverage(size).double()
    theirs.load_state_dict(weights)
    ours.load_state_dict(weights)
    return theirs, ours
