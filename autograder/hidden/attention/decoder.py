"""Part 5, the decoder: one step, one mechanism at a time, where it starts, then the laws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from autograder.checks import CheckFailure, Student, expect, expect_shape, expect_type
from autograder.hidden.attention.feeding import (
    AT_THE_END,
    MISTAKES,
    NAME,
    RIGHT,
    SOURCE,
    TOKENS,
    Equation,
    Held,
    pairs,
    random_weights,
    read,
    with_source,
    without_source,
)
from autograder.hidden.attention.suite import DECODER, suite
from autograder.hidden.shared import laws
from autograder.hidden.shared.asking import expect_form
from autograder.hidden.shared.gradients import expect_gradients
from autograder.hidden.shared.layers import Layer, Trial, expect_fields
from autograder.hidden.shared.owned import every, expect_mechanism, outcomes
from autograder.hidden.shared.tools import close, expect_value, normal, untouched

BATCH, TIME = 4, 3
LAYER = Layer(
    name=NAME,
    record="FeedingState",
    fields=Held._fields,
    sizes=((3, 5, 4), (1, 1, 1), (2, 4, 3), (4, 1, 2), (1, 3, 1)),
    weights=random_weights,
    rule=RIGHT.rule,
    start=without_source,
    begins=with_source,
)


# --- one step ---------------------------------------------------------------------------------


def advanced(trial: Trial, x: Tensor, held: Held) -> tuple[Any, Any, Held]:
    """What advance answers, its parts wherever they stand: the form is for `looks`."""
    found = trial.module.advance(x, trial.student.FeedingState(*held))
    expect(
        isinstance(found, tuple | list) and len(found) == 3,
        "advance should return three things: y(i), the weights, and the new FeedingState",
    )
    states = [part for part in found if isinstance(part, tuple)]
    tensors = [part for part in found if isinstance(part, Tensor)]
    expect(
        len(states) == 1 and len(tensors) == 2 and len(states[0]) == len(held),
        "advance should return y(i), the weights, and a FeedingState(h, fed, memory, keys, mask)",
    )
    y, weights = tensors
    if y.shape == held.mask.shape != weights.shape:
        y, weights = weights, y
    return y, weights, Held(*states[0])


def steps(trial: Trial, x: Tensor, held: Held) -> tuple[Tensor, Any]:
    """What is said at each step, then h and fed, (batch, time + 2, hidden); and the last keys."""
    said = []
    for x_t in x.unbind(1):
        y, _, held = advanced(trial, x_t, held)
        said.append(y)
    rows = [*said, held.h, held.fed]
    for row in rows:
        expect_shape(row, said[0].shape, what="y(i) or an entry of the state")
    return torch.stack(rows, dim=1), held.keys


def ours(equation: Equation, trial: Trial, x: Tensor, held: Held) -> tuple[Tensor, Tensor]:
    y, state = equation.rule(trial.weights, x, held)
    last = Held(*state)
    return torch.cat([y, torch.stack([last.h, last.fed], dim=1)], dim=1), last.keys


def explained(found: Tensor, answer: Callable[[Equation], Tensor]) -> dict[str, dict[str, Tensor]]:
    """What typical mistakes come to, by mechanism; where none explains this, the two that do."""
    mistakes = {name: dict(known) for name, known in outcomes(MISTAKES, answer).items()}
    if any(close(found, each, 1e-8) for each in (answer(RIGHT), *every(mistakes))):
        return mistakes
    for words, equation in pairs():
        if close(found, answer(equation), 1e-8):
            for name, said in words.items():
                mistakes[name][f"{said}. And that is not all: see the other checks"] = found
            break
    return mistakes


def expect_in_steps(student: Student, rng: torch.Generator, mechanism: str, hint: str) -> None:
    """Fail unless some steps are right; name the mistake. Mistakes of other mechanisms pass."""
    with student.lent(NAME, SOURCE):
        trial = Trial(student, rng, LAYER)
        x, held = trial.tokens(BATCH, TIME), Held(*trial.beginning(BATCH))
        with torch.no_grad():
            found, _ = steps(trial, x, held)

        def answer(equation: Equation) -> Tensor:
            return ours(equation, trial, x, held)[0]

        mistakes, wanted = explained(found, answer), answer(RIGHT)
        what = f"what {TIME} steps of advance say and keep"
        hint = f"{hint}. What the cell reads, who asks and what is said all show here"
        expect_mechanism(found, wanted, mistakes, (mechanism,), hint, what)


def habit(student: Student, rng: torch.Generator) -> Equation:
    """The equation that explains the student's steps: the right one, or known mistakes."""
    trial = Trial(student, rng, LAYER)
    x, held = trial.tokens(BATCH, TIME), Held(*trial.beginning(BATCH))
    try:
        with torch.no_grad():
            found, keys = steps(trial, x, held)
    except CheckFailure:
        return RIGHT
    for known in ([RIGHT], every(MISTAKES), (two for _, two in pairs())):
        answers = [(each, *ours(each, trial, x, held)) for each in known]
        alike = [(each, kept) for each, said, kept in answers if close(found, said, 1e-8)]
        if alike:
            return next((each for each, kept in alike if close(keys, kept, 1e-8)), alike[0][0])
    return RIGHT


def over(equation: Equation) -> Layer:
    """The layer whose steps follow this equation, with what can be wrong about its end."""
    wrong = {words: mistaken(equation.rule) for words, mistaken in AT_THE_END.items()}
    return replace(LAYER, rule=equation.rule, wrong=wrong)


@suite.check(DECODER, points=0.5, title="input feeding: the cell reads [x(i); y(i-1)]")
def feeding(student: Student, rng: torch.Generator) -> None:
    hint = "s(i) = cell([x(i); fed], h), and y(i) is what is fed next"
    expect_in_steps(student, rng, "fed", hint)


@suite.check(DECODER, points=0.5, title="the new state asks, with the keys and mask of the state")
def asking(student: Student, rng: torch.Generator) -> None:
    hint = "look(s(i), state.keys, state.memory, state.mask), with the s(i) of this step"
    expect_in_steps(student, rng, "asks", hint)


@suite.check(DECODER, points=0.5, title="what is said: tanh(W_c [c(i); s(i)])")
def saying(student: Student, rng: torch.Generator) -> None:
    expect_in_steps(student, rng, "says", "y(i) = tanh(combine([c(i); s(i)]))")


@suite.check(
    DECODER, points=0.5, title="advance gives y(i), the weights of the look, and the state"
)
def looks(student: Student, rng: torch.Generator) -> None:
    with student.lent(NAME, SOURCE):
        equation, trial = habit(student, rng), Trial(student, rng, LAYER)
        x, held = trial.tokens(BATCH, 1)[:, 0], Held(*trial.beginning(BATCH))
        with torch.no_grad():
            found = trial.module.advance(x, student.FeedingState(*held))
            untouched(student, "advance")
        expect(
            isinstance(found, tuple) and len(found) == 3,
            "advance should return three things: y(i), the weights, and the new FeedingState",
        )
        wanted, weights, kept = equation.step(trial.weights, x, held)
        expect_form(found[0], wanted, "the first thing that advance returns, y(i),")
        hint = "The second thing that advance returns is the weights of the look"
        expect_value(found[1], weights, {}, hint, what="the weights, (batch, source),")
        expect_fields(found[2], LAYER, "advance, as its third thing,")
        for name in ("memory", "keys", "mask"):
            same = close(getattr(found[2], name), getattr(kept, name), 1e-8)
            expect(same, f"state.{name} should stay as it was: the source does not change")


# --- where it starts --------------------------------------------------------------------------


@suite.check(DECODER, points=0.5, title="start: the source's h, nothing said yet, keys read once")
def starting(student: Student, rng: torch.Generator) -> None:
    with student.lent(NAME, SOURCE):
        trial = Trial(student, rng, LAYER)
        memory, h = normal(rng, BATCH, TOKENS, 4), normal(rng, BATCH, 5)
        mask = torch.rand(BATCH, TOKENS, generator=rng) < 0.7
        wanted = Held(h, 0 * h, memory, read(memory), mask)
        wrong = {
            "h": {"The decoder begins with zeros; it should begin with source.h": 0 * h,
                  "source.h passes tanh": torch.tanh(h)},
            "fed": {"Nothing was said before the first token: fed should be zeros": h,
                    "Nothing was said before the first token: zeros, not ones": 0 * h + 1},
            "keys": {"The keys of padding are set to 0": read(memory) * mask.unsqueeze(2)},
            "memory": {"The memory of padding is set to 0": memory * mask.unsqueeze(2)},
            "mask": {"The mask looks turned round": ~mask,
                     "The mask of the source is lost": torch.ones_like(mask)},
        }  # fmt: skip
        for dtype in (torch.float32, h.dtype):
            source = student.Source(memory.to(dtype), h.to(dtype), mask)
            found = trial.module.to(dtype).start(source)
            untouched(student, "start")
            expect_fields(found, LAYER, "start")
            for name, value in zip(LAYER.fields, wanted, strict=True):
                like = value if name == "mask" else value.to(dtype)
                expect_form(getattr(found, name), like, f"state.{name} that start gives")
        for name, value in zip(LAYER.fields, wanted, strict=True):
            hint = "look.read(source.memory) makes the keys" if name == "keys" else ""
            what = f"state.{name} that start gives"
            expect_value(getattr(found, name), value, wrong[name], hint, what=what)

        def theirs(given: dict[str, Tensor]) -> dict[str, Any]:
            source = student.Source(given["memory"], given["h"], mask)
            state = trial.module.start(source)
            return {name: getattr(state, name) for name in ("h", "memory", "keys")}

        def right(given: dict[str, Tensor], _: Any) -> dict[str, Any]:
            return {**given, "keys": read(given["memory"])}

        inputs = {"h": h, "memory": memory}
        expect_gradients("start", rng, inputs, {}, theirs, right, dict)


@suite.check(DECODER, points=0.5, title="without a source: zeros, and nothing to look at")
def nothing_read(student: Student, rng: torch.Generator) -> None:
    with student.lent(NAME, SOURCE):
        layer = over(habit(student, rng))
        made = Trial(student, rng, layer).module.initial_state(2)
        expect_fields(made, layer, "initial_state")
        expect_type(made.mask, Tensor, what="state.mask that initial_state gives")
        expect(made.mask.dtype == torch.bool, "state.mask that initial_state gives is not boolean")
        laws.initial_state(student, rng, layer)


# --- the laws ---------------------------------------------------------------------------------


def hold(student: Student, rng: torch.Generator, *those: laws.Law) -> None:
    """Fail where the layer breaks a law, over whatever its steps do."""
    with student.lent(NAME, SOURCE):
        layer = over(habit(student, rng))
        for law in those:
            law(student, rng, layer)


@suite.check(DECODER, points=0.5, title="step and forward: one token, and all of them in order")
def in_order(student: Student, rng: torch.Generator) -> None:
    hold(student, rng, laws.one_step, laws.whole_sequence)


@suite.check(DECODER, points=0.5, title="the state that comes in, chunks, the last state")
def carried(student: Student, rng: torch.Generator) -> None:
    hold(student, rng, laws.start_state, laws.chunks)


@suite.check(DECODER, points=0.5, title="gradients flow through time, into state and source")
def decoder_gradients(student: Student, rng: torch.Generator) -> None:
    hold(student, rng, laws.layer_gradients)


@suite.check(DECODER, points=0.5, title="each source by itself; sizes of one, one token, float32")
def decoder_edges(student: Student, rng: torch.Generator) -> None:
    hold(student, rng, laws.apart, laws.layer_edges)
