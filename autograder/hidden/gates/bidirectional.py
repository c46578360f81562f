"""Part 6, both ends of a sequence: turning round, the last valid step, two directions.

The layers inside are the judge's: no answer to an earlier part is needed. Where the student's own
`reverse` and `last_valid` are wrong, the class is tried over others that take the same arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autograder.checks import (
    CheckFailure,
    Remote,
    Student,
    expect,
    expect_close,
    expect_shape,
)
from autograder.hidden.gates.directions import (
    KEEP,
    LEAKY,
    MIDDLE,
    NEIGHBOURS,
    Turn,
    in_the_middle,
    leaky_states,
    neighbours,
    outputs,
    summary,
    wrong_outputs,
    wrong_summaries,
)
from autograder.hidden.gates.ends import at_end, rows_of, turned, wrong_ends, wrong_turns, zeroed
from autograder.hidden.gates.suite import suite
from autograder.hidden.shared.asking import expect_form
from autograder.hidden.shared.gradients import expect_gradients
from autograder.hidden.shared.layers import Weights
from autograder.hidden.shared.lending import fails, lending
from autograder.hidden.shared.tools import ATOL, DOUBLE, SINGLE, expect_value, normal, untouched

BOTH = "bidirectional-tests"
LENGTHS = (4, 6, 1, 5)
TIME, INPUTS, HIDDEN = 7, 3, 5


def some(rng: torch.Generator, batch_of: tuple[int, ...] = LENGTHS) -> tuple[Tensor, Tensor]:
    """Sequences with large numbers for padding, and their lengths."""
    x = normal(rng, len(batch_of), TIME, INPUTS)
    lengths = torch.tensor(batch_of)
    noise = 30 * normal(rng, *x.shape)
    behind = torch.arange(TIME) >= lengths.unsqueeze(1)
    return torch.where(behind.unsqueeze(2), noise, x), lengths


def expect_helper(
    student: Student, rng: torch.Generator, name: str, right: Turn, wrong: Any, hint: str
) -> None:
    for lengths in (LENGTHS, (1, 1, 2), (TIME, TIME), (5,)):
        x, n = some(rng, lengths)
        for dtype in (DOUBLE, torch.float32):
            found = getattr(student, name)(x.to(dtype), n)
            untouched(student, name)
            wanted = right(x, n).to(dtype)
            expect_form(found, wanted, f"{name}, for lengths {list(lengths)}")
            suspects = {words: value.to(dtype) for words, value in wrong(x, n).items()}
            what = f"{name}, for lengths {list(lengths)}"
            expect_value(found, wanted, suspects, hint, what=what)


@suite.check(BOTH, points=0.5, title="reverse: each sequence within its own length")
def turning(student: Student, rng: torch.Generator) -> None:
    hint = "Token t of a sequence of n tokens goes to place n - 1 - t; padding stays"
    expect_helper(student, rng, "reverse", turned, wrong_turns, hint)


@suite.check(BOTH, points=0.5, title="last_valid: the last step that is not padding")
def end_of_each(student: Student, rng: torch.Generator) -> None:
    hint = "For sequence b it is y[b, lengths[b] - 1]"
    expect_helper(student, rng, "last_valid", at_end, wrong_ends, hint)


def pair_of_layers(
    student: Student, rng: torch.Generator, inputs: int = INPUTS, hidden: int = HIDDEN
) -> tuple[Remote, Weights]:
    """The student's Bidirectional over two layers of ours, and its weights."""
    leaky_layer = student.Leaky
    both = student.Bidirectional(*(leaky_layer(inputs, hidden, keep) for keep in KEEP))
    expect(isinstance(both, Remote), "Bidirectional(ahead, back) should make a layer")
    keys = ("ahead.weight", "back.weight")
    weights = {key: normal(rng, hidden, inputs) for key in keys}
    state = both.double().state_dict()
    expect(
        set(keys) <= set(state),
        "Bidirectional should hold its layers as self.ahead and self.back, as the given "
        "constructor does",
    )
    both.load_state_dict({**state, **weights})
    return both, weights


def expect_states(state: Any, weights: Weights, ahead: Tensor, back: Tensor) -> None:
    """Fail unless the two layers' states are in their places."""
    fields = getattr(state, "_fields", None)
    expect(
        fields == ("ahead", "back"),
        "Bidirectional.forward should give its state as BidirectionalState(ahead, back)",
    )
    for name, keep, read in zip(("ahead", "back"), KEEP, (ahead, back), strict=True):
        wanted = leaky_states(weights[f"{name}.weight"].to(read.dtype), keep, read)[:, -1]
        (value,) = getattr(state, name)
        hint = "It is what that layer returned beside its outputs; are the two exchanged?"
        what = f"BidirectionalState.{name}"
        expect_close(value, wanted, atol=SINGLE, rtol=SINGLE, what=what, hint=hint)


def over_either(
    student: Student, rng: torch.Generator, examine: Callable[[Turn, Turn, bool], None]
) -> None:
    """Examine over the student's own helpers, or over those lent where they are wrong."""
    with student.lent("Leaky", LEAKY):
        try:
            examine(turned, at_end, True)
        except CheckFailure:
            if not student.alive or not fails(student, rng, turning, end_of_each):
                raise
            with lending(student, {"reverse": NEIGHBOURS, "last_valid": MIDDLE}):
                examine(neighbours, in_the_middle, False)


def valid(y: Tensor, lengths: Tensor) -> Tensor:
    """What stands within the lengths, one row after the other."""
    return torch.cat([row[:n] for row, n in rows_of(y, lengths)])


@suite.check(BOTH, points=1, title="two directions: at place t both speak of token t")
def two_directions(student: Student, rng: torch.Generator) -> None:
    def examine(turn: Turn, end: Turn, own: bool) -> None:
        for batch_of, dtype in ((LENGTHS, DOUBLE), ((TIME, TIME), torch.float32)):
            both, weights = pair_of_layers(student, rng)
            x, n = some(rng, batch_of)
            full = batch_of == (TIME, TIME)  # then lengths may be left out
            answer = both.to(dtype)(x.to(dtype), **({} if full else {"lengths": n}))
            untouched(student, "Bidirectional.forward")
            expect(
                isinstance(answer, tuple) and len(answer) == 2,
                "Bidirectional.forward should return a pair: outputs and BidirectionalState",
            )
            y, state = answer
            if full:
                expect_states(state, weights, x.to(dtype), turn(x, n).to(dtype))
            wanted = outputs(weights, x, n, turn)
            expect_shape(y, wanted.shape, what="the outputs of Bidirectional")
            suspects = wrong_outputs(weights, x, n) if own else {}
            usable = {k: valid(v, n) for k, v in suspects.items() if v.shape[:2] == y.shape[:2]}
            hint = "At place t stand ahead(x(1) .. x(t)) and back(x(T) .. x(t))"
            what, atol = "the outputs of Bidirectional", SINGLE if full else ATOL
            found = valid(y.double(), n)
            expect_value(found, valid(wanted, n), usable, hint, what=what, atol=atol)

    over_either(student, rng, examine)


@suite.check(BOTH, points=1, title="the summary: each direction when it has read everything")
def summaries(student: Student, rng: torch.Generator) -> None:
    def examine(turn: Turn, end: Turn, own: bool) -> None:
        for batch_of in (LENGTHS, (TIME, TIME, TIME), (1,)):
            both, weights = pair_of_layers(student, rng)
            x, n = some(rng, batch_of)
            found = both.summary(x, n)
            untouched(student, "Bidirectional.summary")
            wanted = summary(weights, x, n, turn, end)
            suspects = wrong_summaries(weights, x, n) if own else {}
            hint = "ahead at the last valid step, back at the step in which it read the first token"
            what = f"the summary for lengths {list(batch_of)}"
            expect_value(found, wanted, suspects, hint, what=what)

    over_either(student, rng, examine)


@suite.check(
    BOTH, points=0.5, title="padding changes nothing: other numbers, more of it, gradients"
)
def padding(student: Student, rng: torch.Generator) -> None:
    def examine(turn: Turn, end: Turn, own: bool) -> None:
        both, _ = pair_of_layers(student, rng)
        x, n = some(rng)
        more = torch.cat([x, 30 * normal(rng, len(x), 4, INPUTS)], dim=1)
        for words, padded in (("other padding", zeroed(x, n)), ("more padding", more)):
            first, second = (both(each, lengths=n)[0] for each in (x, padded))
            for each, rows in ((first, x), (second, padded)):
                shape = (*rows.shape[:2], 2 * HIDDEN)
                expect_shape(each, shape, what="the outputs of Bidirectional")
            same = torch.allclose(valid(first, n), valid(second, n), rtol=0, atol=ATOL)
            hint = "does a layer read padding before it reads the sequence?"
            expect(same, f"with {words} the outputs at valid places change: {hint}")
            ends = [both.summary(each, n) for each in (x, padded)]
            for each in ends:
                expect_shape(each, (len(x), 2 * HIDDEN), what="the summary")
            same = torch.allclose(ends[0], ends[1], rtol=0, atol=ATOL)
            expect(same, f"with {words} the summary changes: does it read padding?")
        apart = both.summary(x, n)
        differ = not torch.allclose(apart[0], apart[1], atol=1e-6)
        expect(differ, "the summaries of different sequences are the same")

    over_either(student, rng, examine)


@suite.check(BOTH, points=0.5, title="gradients reach all valid tokens and both layers")
def both_gradients(student: Student, rng: torch.Generator) -> None:
    def examine(turn: Turn, end: Turn, own: bool) -> None:
        both, weights = pair_of_layers(student, rng)
        x, n = some(rng)

        def answers(y: Any, read: Any) -> dict[str, Any]:
            return {"the valid outputs": valid(y, n), "the summary": read}

        def theirs(given: dict[str, Tensor]) -> dict[str, Any]:
            y, read = both(given["x"], lengths=n)[0], both.summary(given["x"], n)
            expect_shape(y, (len(x), TIME, 2 * HIDDEN), what="the outputs of Bidirectional")
            expect_shape(read, (len(x), 2 * HIDDEN), what="the summary")
            return answers(y, read)

        # A mistake about the numbers has cost its points.
        with torch.no_grad():
            found = theirs({"x": x})
        right = answers(outputs(weights, x, n, turn), summary(weights, x, n, turn, end))
        for words, wanted in right.items():
            if not torch.allclose(found[words], wanted, atol=1e-8):
                known = wrong_outputs(weights, x, n), wrong_summaries(weights, x, n)
                values = [valid(v, n) for v in known[0].values() if v.shape[:2] == x.shape[:2]]
                values += list(known[1].values())
                like = [v for v in values if v.shape == found[words].shape]
                if any(torch.allclose(found[words], v, atol=1e-8) for v in like):
                    return
        expect_gradients(
            "Bidirectional",
            rng,
            {"x": x},
            weights,
            theirs,
            lambda given, w: answers(
                outputs(w, given["x"], n, turn), summary(w, given["x"], n, turn, end)
            ),
            lambda: {key: both.grads().get(key) for key in weights},
        )

    over_either(student, rng, examine)
