"""What every sequence layer must satisfy: one law for each mechanism.

A law takes the student, random numbers and a `Layer`; it raises CheckFailure where the student's
layer breaks it, with words for the likely mistake. `hold` makes laws the checks of a part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import torch
from torch import Tensor

from autograder.checks import CheckFailure, Student, Suite, expect_close, expect_shape
from autograder.hidden.shared.comparing import (
    alike,
    as_sequence,
    by_steps,
    expect_all_gradients,
    expect_answer,
    expect_or_known,
    expect_variant,
    habit,
    in_precision,
)
from autograder.hidden.shared.layers import Layer, Lent, State, Trial, expect_fields
from autograder.hidden.shared.lending import fails, lending
from autograder.hidden.shared.tools import ATOL, DOUBLE, SINGLE, untouched

Law = Callable[[Student, torch.Generator, Layer], None]
SQUEEZED = "Is an axis squeezed away?"
LONG = 67  # tokens: more than a usual stretch of truncated back-propagation
TITLES: dict[str, str] = {}


def law(title: str) -> Callable[[Law], Law]:
    """Give a law its title."""

    def entitle(function: Law) -> Law:
        TITLES[function.__name__] = title
        return function

    return entitle


def hold(
    suite: Suite, grade_id: str, layer: Layer, points: Mapping[Law, float], prefix: str = ""
) -> None:
    """Make these laws the checks of a graded cell; the second layer of a suite needs a prefix."""
    for each, worth in points.items():
        check = _check(each, layer)
        check.__name__ = f"{prefix}{each.__name__}"
        suite.check(grade_id, points=worth, title=TITLES[each.__name__])(check)


def _check(law: Law, layer: Layer) -> Callable[[Student, torch.Generator], None]:
    """The law as a check: passed with the student's own pieces, or with those lent to them."""

    def check(student: Student, rng: torch.Generator) -> None:
        try:
            law(student, rng, layer)
        except CheckFailure as own:
            if layer.lent is None or not student.alive:
                raise
            lent = layer.lent
            over_ours = replace(layer, rule=lent.rule, variants=lent.variants, wrong={})
            try:
                with lending(student, lent.pieces):
                    law(student, rng, over_ours)
            except CheckFailure as other:
                if not student.alive or not _at_fault(student, layer.name, lent):
                    raise own from None
                # Their piece is wrong, and more than that: say what, unless ours does not fit.
                raise (CheckFailure(lent.words) if " raised " in str(other) else other) from None

    return check


def _at_fault(student: Student, name: str, lent: Lent) -> bool:
    """Whether the student's own pieces are wrong; looked at once a submission."""
    return student.desk.once(
        f"the pieces of {name}", lambda rng: fails(student, rng, *lent.at_fault)
    )


# --- the laws ---------------------------------------------------------------------------------


@law("before the first token: the initial state, in the layer's own dtype")
def initial_state(student: Student, rng: torch.Generator, layer: Layer) -> None:
    module = Trial(student, rng, layer).module
    for dtype, batch in ((torch.float32, 4), (DOUBLE, 3), (DOUBLE, 1)):
        what = f"{layer.name}.initial_state"
        state = module.to(dtype).initial_state(batch)
        expect_fields(state, layer, what)
        start = layer.start(layer.weights(rng, *layer.sizes[0]), batch)
        for words, value, wanted in zip(layer.words, state, start, strict=True):
            right = in_precision(wanted, dtype)
            what = f"{words} that {layer.name}.initial_state({batch}) gives"
            expect_shape(value, right.shape, what=what, hint="The batch comes first")
            expect_close(value, right, atol=ATOL, what=what, hint=_beginning(value, right))
    trial = Trial(student, rng, layer)
    x = trial.tokens(3, 4)
    begun = "Without a state, forward begins at initial_state"
    expect_or_known(trial, trial.forward(x), x, trial.start(3), "forward", begun)


def _beginning(value: Tensor, right: Tensor) -> str:
    """What is the matter with an initial state."""
    zeros = "It should be zeros" if not right.any() else ""
    if zeros and value.numel() and not value.is_complex() and bool((value == 1).all()):
        return "It should be zeros, and it is ones"
    if value.dtype != right.dtype:
        return "It should have the dtype of the layer's weights, as new_zeros makes it"
    return zeros


@law("step reads one token, from any state")
def one_step(student: Student, rng: torch.Generator, layer: Layer) -> None:
    trial = Trial(student, rng, layer)
    x, state = trial.tokens(4, 1), trial.somewhere(4)
    found = trial.step(x[:, 0], state, strict=True)
    untouched(student, f"{layer.name}.step")
    found["the output"] = as_sequence(found["the output"])
    expect_answer(trial, found, x, state, "step", "It should be that of one token after the state")


@law("forward reads a whole sequence, in order")
def whole_sequence(student: Student, rng: torch.Generator, layer: Layer) -> None:
    trial = Trial(student, rng, layer)
    x, state = trial.tokens(4, 7), trial.beginning(4)
    found = trial.forward(x, state, strict=True)
    untouched(student, f"{layer.name}.forward")
    what, hint = "the output of forward", "(batch, time, features): torch.stack(..., dim=1)"
    expect_shape(
        found["the output"], trial.right(x, state)["the output"].shape, what=what, hint=hint
    )
    hint = "Read the tokens in turn and keep every output"
    expect_answer(trial, found, x, state, "forward", hint, only=("the output",))


@law("forward goes on from the state it is given")
def start_state(student: Student, rng: torch.Generator, layer: Layer) -> None:
    trial = Trial(student, rng, layer)
    x, state = trial.tokens(4, 6), trial.somewhere(4)
    hint = "Begin with the state that comes in"
    expect_answer(trial, trial.forward(x, state), x, state, "forward", hint, only=("the output",))


@law("chunks with the state carried over give the whole sequence")
def chunks(student: Student, rng: torch.Generator, layer: Layer) -> None:
    trial = Trial(student, rng, layer)
    x, state = trial.tokens(2, 12), trial.beginning(2)
    carried: State = state
    for part in x.split((4, 5, 3), dim=1):
        found = trial.forward(part, carried)
        when = f"forward, for a chunk of {part.shape[1]} tokens"
        hint = "forward should return the state after the last token"
        expect_answer(trial, found, part, state, when, hint, only=trial.words)
        hint = "The chunk should begin where the one before it ended"
        expect_answer(trial, found, part, state, when, hint)
        state = tuple(part.detach() for part in layer.rule(trial.weights, part, state)[1])
        carried = tuple(found[words] for words in trial.words)


@law("each sequence by itself, each call anew")
def apart(student: Student, rng: torch.Generator, layer: Layer) -> None:
    trial = Trial(student, rng, layer)
    x, state = trial.tokens(3, 5), trial.somewhere(3)
    two = tuple(part[:2] for part in state)
    expect_or_known(trial, trial.forward(x[:2], two), x[:2], two, "forward of two sequences", "")
    expect_or_known(trial, trial.forward(x, state), x, state, "forward of three sequences", "")
    begins_right = all(map(alike, trial.module.initial_state(3), trial.start(3)))
    for _ in range(2):
        trial.step(x[:, 0], state)
        hint = "The same tokens and state gave the right answer before: the layer remembers a call"
        expect_or_known(trial, trial.forward(x, state), x, state, "forward, called again,", hint)
        if begins_right:
            hint = "Without a state forward begins at initial_state again, not where it last ended"
            expect_or_known(
                trial, trial.forward(x), x, trial.start(3), "forward, called again,", hint
            )


@law("gradients flow through time, through step, and into the first state")
def layer_gradients(student: Student, rng: torch.Generator, layer: Layer) -> None:
    for time, last_only in ((LONG, True), (4, False)):
        trial = Trial(student, rng, layer)
        expect_all_gradients(
            trial, "forward", Trial.forward, trial.tokens(2, time), last_only=last_only
        )
    trial = Trial(student, rng, layer)
    expect_all_gradients(trial, "step", by_steps, trial.tokens(2, 3))


@law("edges: one sequence, one token, sizes of one, odd lengths, float32")
def layer_edges(student: Student, rng: torch.Generator, layer: Layer) -> None:
    shapes = ((1, 5), (1, 1), (3, 1), (2, 33))
    for number, size in enumerate(layer.sizes):
        trial = Trial(student, rng, layer, size)
        # Each size with one shape, so that every shape and every size has its turn.
        for batch, time in shapes if not number else (shapes[number % len(shapes)],):
            x, state = trial.tokens(batch, time), trial.somewhere(batch)
            when = f"forward, with a batch of {batch} and {time} tokens in {layer.name}{size},"
            expect_or_known(trial, trial.forward(x, state), x, state, when, "", shapes=SQUEEZED)
            one = trial.step(x[:, 0], state)
            one["the output"] = as_sequence(one["the output"])
            when = f"step, with a batch of {batch} in {layer.name}{size},"
            expect_or_known(trial, one, x[:, :1], state, when, "", shapes=SQUEEZED)
    for what, variant in layer.variants.items():
        expect_variant(student, rng, layer, what, variant)
    trial = Trial(student, rng, layer)
    x = trial.tokens(4, 6)
    state = trial.beginning(4)
    rule = habit(trial, trial.forward(x, state), x, state) or layer.rule
    trial.module.float()
    found = trial.forward(x.float(), tuple(in_precision(part, torch.float32) for part in state))
    for words, wanted in layer.answer(*rule(trial.weights, x, state)).items():
        hint = "A float32 layer should answer in float32, and agree with the float64 one"
        kind = in_precision(wanted.detach(), torch.float32)
        expect_close(found[words], kind, atol=SINGLE, rtol=SINGLE, what=words, hint=hint)


ALL: tuple[Law, ...] = (
    *(initial_state, one_step, whole_sequence, start_state),
    *(chunks, apart, layer_gradients, layer_edges),
)
