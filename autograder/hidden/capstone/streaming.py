"""The laws of a layer that nobody has an oracle for: it must agree with itself, call by call.

What is right for a design of the student's own cannot be known here. So one way of asking is held
against another: a sequence at once against its tokens one by one, a sequence among others against
the same one alone. A layer that answers at random, or the same whatever it hears, agrees with
nothing that is worth points: see `attentive`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from autograder.checks import CheckFailure, Student, expect, expect_close
from autograder.hidden.capstone.causes import CLOSE, by_steps, explained, tokens
from autograder.hidden.capstone.forms import WANTED
from autograder.hidden.capstone.pupil import NAME, Pupil
from autograder.hidden.capstone.suite import LAYER, suite

SINGLE = 1e-3
LONG = 40  # tokens: three times as long as any word of the recipe
CHANGED = "changed a tensor it was given; make a new one"


def attentive(student: Student, rng: torch.Generator) -> Pupil:
    """Return a fresh layer in float64, if it has weights, hears its input and remembers it.

    A layer that says the same whatever it hears agrees with itself for nothing, and so does one
    that has no memory.
    """
    pupil = Pupil(student).double()
    expect(
        any(value.numel() for value in pupil.state_dict().values()),
        f"{NAME} has no weights, so there is nothing to train",
    )
    x = tokens(rng, 2, 5)
    first, second = pupil(x)[0], pupil(x)[0]
    expect(bool(first.isfinite().all()), f"the output of {NAME}.forward is not finite")
    expect(
        torch.equal(first, second) or torch.allclose(first, second, atol=CLOSE),
        f"{NAME}.forward gives another answer when it is called again: is there randomness, or "
        "does it remember a call?",
    )
    expect(
        not torch.allclose(first[:, -1], pupil(tokens(rng, 2, 5))[0][:, -1], atol=CLOSE),
        f"{NAME}.forward answers the same whatever it hears",
    )
    other = pupil(torch.cat([x[:, :2], tokens(rng, 2, 1), x[:, 3:]], dim=1))[0]
    elsewhere = [0, 1, 3, 4]
    expect(
        not torch.allclose(first[:, elsewhere], other[:, elsewhere], atol=CLOSE),
        f"{NAME} has no memory: what it says about a token depends on that token only",
    )
    return pupil


def streams(pupil: Pupil, rng: torch.Generator) -> bool:
    """Tell whether step and forward agree at all; where they do not, one check has said so."""
    x = tokens(rng, 2, 6)
    stepped = by_steps(pupil, x)[0]
    return torch.allclose(stepped, pupil(x)[0], rtol=CLOSE, atol=CLOSE)


def same(actual: Tensor, wanted: Tensor, what: str, hint: str, atol: float = CLOSE) -> None:
    expect_close(actual, wanted.detach(), atol=atol, rtol=atol, what=what, hint=hint)


@suite.check(LAYER, points=0.5, title="before the first token: initial_state, and forward from it")
@explained
def begins(student: Student, rng: torch.Generator) -> None:
    pupil = attentive(student, rng)
    begun, x = pupil.initial_state(2), tokens(rng, 2, 4)
    for state, method in (
        (begun, "initial_state"),
        (pupil.step(x[:, 0], begun)[1], "step"),
        (pupil(x)[1], "forward"),
    ):
        expect(state.is_flat, f"the state that {NAME}.{method} returns {WANTED}")
    for batch in (1, 3):
        state, again = pupil.initial_state(batch), pupil.initial_state(batch)
        fixed = f"{NAME}.initial_state gives another state each time"
        expect(len(state.parts) == len(again.parts), fixed)
        for part, other in zip(state.parts, again.parts, strict=True):
            hint = "It should be the same at every call, whatever was read before"
            same(part, other, f"{NAME}.initial_state({batch})", hint)
            expect(
                not part.is_floating_point() or part.dtype == torch.float64,
                f"{NAME}.initial_state should have the dtype of the layer's weights, "
                "as weight.new_zeros makes it",
            )
        x = tokens(rng, batch, 4)
        hint = "Without a state, forward begins at initial_state"
        same(pupil(x)[0], pupil(x, state)[0], "forward without a state", hint)


@suite.check(LAYER, points=1, title="streaming is training: steps say what forward says")
@explained
def step_is_forward(student: Student, rng: torch.Generator) -> None:
    pupil = attentive(student, rng)
    x = tokens(rng, 3, 9)
    hint = "step, token by token, and forward, at once, should give the same outputs"
    same(by_steps(pupil, x)[0], pupil(x)[0], "the output of step", hint)
    state = by_steps(pupil, tokens(rng, 3, 4))[1]  # and from another state than the first
    hint = "forward does not go on from the state it is given as step does"
    same(by_steps(pupil, x, state)[0], pupil(x, state)[0], "the output of step", hint)


@suite.check(LAYER, points=1, title="chunks with the state carried over give the whole sequence")
@explained
def chunks(student: Student, rng: torch.Generator) -> None:
    pupil = attentive(student, rng)
    x = tokens(rng, 2, 12)
    whole = pupil(x)[0]
    state, outputs = pupil.initial_state(2), []
    for part in x.split((5, 4, 3), dim=1):
        output, state = pupil(part, state)
        outputs.append(output)
    hint = "Does forward return the state after the last token, and begin with the one given?"
    same(torch.cat(outputs, dim=1), whole, "the output of forward, in chunks of 5, 4 and 3", hint)


@suite.check(LAYER, points=1, title="no look ahead: an answer depends on what was heard so far")
def no_look_ahead(student: Student, rng: torch.Generator) -> None:
    pupil = attentive(student, rng)
    x = tokens(rng, 2, 10)
    other = torch.cat([x[:, :6], tokens(rng, 2, 4)], dim=1)
    hint = "The first six answers changed with the tokens after them"
    same(pupil(other)[0][:, :6], pupil(x)[0][:, :6], "the output of forward", hint)


@suite.check(LAYER, points=1, title="each sequence by itself, and nothing is kept but the state")
def apart(student: Student, rng: torch.Generator) -> None:
    pupil = attentive(student, rng)
    x, state = tokens(rng, 3, 6), pupil.initial_state(3)
    whole = by_steps(pupil, x, state)[0]
    hint = "The sequences of a batch influence each other"
    same(pupil(x[1:2])[0], pupil(x)[0][1:2], "the output for one sequence alone", hint)
    one = state.only(slice(1, 2))
    same(by_steps(pupil, x[1:2], one)[0], whole[1:2], "the output for one sequence alone", hint)
    # Two streams in turn: what is not in the state gets mixed up.
    y, first, second = tokens(rng, 3, 6), state, pupil.initial_state(3)
    for place in range(x.shape[1]):
        output, first = pupil.step(x[:, place], first)
        _, second = pupil.step(y[:, place], second)
        hint = (
            "Another stream was read in between: is something kept on self, outside of the state?"
        )
        same(output, whole[:, place], "the output of step", hint)
        pupil(y)


@suite.check(LAYER, points=0.5, title="gradients: the same through steps and through forward")
@explained
def gradients(student: Student, rng: torch.Generator) -> None:
    pupil = attentive(student, rng)
    x, weight = tokens(rng, 2, 6), tokens(rng, 2, 6)
    found = []
    runs = (pupil, lambda given: by_steps(pupil, given))
    for run in runs if streams(pupil, rng) else runs[:1] * 2:
        given = x.clone().requires_grad_()
        pupil.zero_grad()
        output = run(given)[0]
        hint = "look for .detach(), .data, torch.no_grad() or numpy"
        expect(output.requires_grad, f"no gradient can flow back through {NAME}; {hint}")
        (output * weight).sum().backward()
        heard = {f"the parameter {name!r}": grad for name, grad in pupil.gradients().items()}
        found.append({"the input": given.grad, **heard})
    for name, grad in found[0].items():
        other = found[1][name]
        expect(
            grad is not None or other is not None,
            f"{name} of {NAME} gets no gradient: it is never used",
        )
        expect(
            (grad is None) == (other is None),
            f"{name} gets a gradient through forward or through step, but not through both",
        )
        if grad is not None and other is not None:
            hint = "step and forward differentiate differently: is something detached in one?"
            same(other, grad, f"the gradient by {name} through step", hint)


@suite.check(
    LAYER, points=0.5, title="edges: one token, long sequences, float32, inputs left alone"
)
def edges(student: Student, rng: torch.Generator) -> None:
    pupil = attentive(student, rng)
    run = by_steps if streams(pupil, rng) else Pupil.__call__
    for batch, time in ((1, 1), (4, 1), (1, 7), (2, LONG)):
        x = tokens(rng, batch, time)
        hint = f"That is with a batch of {batch} and {time} tokens. Is an axis squeezed away?"
        same(run(pupil, x)[0], pupil(x)[0], "the output of step", hint)
    x = tokens(rng, 2, 3)
    _, state = pupil(x)
    expect(not student.changed_inputs, f"{NAME}.forward {CHANGED}")
    pupil(x, state)
    expect(not student.changed_inputs, f"{NAME}.forward {CHANGED}")
    pupil.step(x[:, 0], state)
    expect(not student.changed_inputs, f"{NAME}.step {CHANGED}")
    exact = pupil(x)[0]
    pupil.module.float()
    hint = "A float32 layer should agree with the float64 one to three digits"
    same(pupil(x.float())[0].double(), exact, "the output in float32", hint, SINGLE)


def agree_after_training(forward: Tensor, steps: Tensor, alone: Tensor, words: Tensor) -> None:
    """Fail unless a trained layer says the same in all three ways about words it does not know."""
    scale = float(steps.abs().mean()) + 1.0
    for outputs, what in ((forward, "forward"), (alone, "step, a few words at a time,")):
        among = steps[: len(outputs)] / scale
        try:
            same(outputs / scale, among, f"the output of {what}", "", SINGLE)
        except CheckFailure as failure:
            raise CheckFailure(f"after training, on {len(words)} words: {failure}") from None
