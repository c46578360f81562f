"""What laws are made of: an answer held against the rule, and the mistake that explains it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from autograder.checks import CheckFailure, Student, expect_close
from autograder.hidden.shared.gradients import expect_gradients
from autograder.hidden.shared.layers import Answer, Layer, Rule, State, Trial, Variant
from autograder.hidden.shared.mistakes import named
from autograder.hidden.shared.tools import ATOL, close, with_gradient


def expect_answer(
    trial: Trial,
    found: Answer,
    x: Tensor,
    state: State,
    method: str,
    hint: str,
    only: tuple[str, ...] | None = None,
    shapes: str = "",
) -> None:
    """Fail unless the answer is right for tokens and state; name the mistake.

    `shapes` is the hint where a shape is wrong, and `hint` where only numbers are.
    """
    wanted = trial.right(x, state)
    for part in only or tuple(wanted):
        value, right = found[part], wanted[part].detach()
        if not close(value, right, ATOL):
            like = named(
                *(trial.layer, trial.weights, x, state),
                lambda answer: alike(value, answer[part]),  # noqa: B023
                likely(trial),
            )
            words = like[0] if like else _unlike(trial, x, state, method)
            words = words or _misshapen(value, right, shapes) or hint
            expect_close(value, right, atol=ATOL, rtol=ATOL, what=f"{part} of {method}", hint=words)


def expect_or_known(
    trial: Trial,
    found: Answer,
    x: Tensor,
    state: State,
    method: str,
    hint: str,
    shapes: str = "",
) -> None:
    """As `_expect`, but a typical mistake passes: other laws look at it, and it costs once."""
    if habit(trial, found, x, state) is None:
        expect_answer(trial, found, x, state, method, hint, shapes=shapes)


def habit(trial: Trial, found: Answer, x: Tensor, state: State) -> Rule | None:
    """The typical mistake that explains all of an answer; None for a right one and for others."""
    right = {part: value.detach() for part, value in trial.right(x, state).items()}
    if all(alike(found[part], right[part]) for part in right):
        return None
    like = explained(trial, found, x, state, likely(trial))
    return like[1] if like else None


def explained(
    trial: Trial, found: Answer, x: Tensor, state: State, first: str = ""
) -> tuple[str, Rule] | None:
    """The typical mistake that leads to all of this answer."""
    return named(
        *(trial.layer, trial.weights, x, state),
        lambda answer: all(alike(found[part], answer[part]) for part in answer),
        first,
    )


def likely(trial: Trial) -> str:
    """The mistake that four tokens show, looked for once a submission; none is no words.

    A wrong layer is wrong in the same way wherever it is asked, and there are many ways to try.
    """
    layer = trial.layer

    def look(rng: torch.Generator) -> str:
        other = Trial(trial.student, rng, layer)
        x, state = other.tokens(3, 4), other.somewhere(3)
        like = explained(other, other.forward(x, state), x, state)
        return like[0] if like else ""

    try:
        return trial.student.desk.once(f"{layer.name}{layer.options}, of {len(layer.wrong)}", look)
    except CheckFailure:  # what says so is the check that asks for it
        return ""


def alike(value: object, wanted: Tensor) -> bool:
    return close(value, wanted, 100 * ATOL)


def expect_variant(
    student: Student, rng: torch.Generator, layer: Layer, what: str, variant: Variant
) -> None:
    other = replace(layer, options=variant.options, rule=variant.rule, variants={})
    trial = Trial(student, rng, other)
    x, state = trial.tokens(4, 6), trial.somewhere(4)
    found = trial.forward(x, state)
    expect_or_known(trial, found, x, state, f"forward with {what}", variant.hint)


def _misshapen(value: object, right: Tensor, hint: str) -> str:
    """Words for a wrong shape; none for a right one."""
    if isinstance(value, Tensor) and value.shape == right.shape:
        return ""
    return hint if right.numel() else "It should be empty: a slice from -0 on takes everything"


def _unlike(trial: Trial, x: Tensor, state: State, method: str) -> str:
    """Words for a layer that is right about one sequence, or says something else each time."""
    if not method.startswith("forward") or "again" in method:
        return ""
    first = tuple(part[:1] for part in state)
    alone, right = trial.forward(x[:1], first), trial.right(x[:1], first)
    if len(x) > 1 and all(alike(alone[part], right[part].detach()) for part in right):
        return "The sequences of a batch influence each other; alone, the first comes out right"
    outputs = [trial.forward(x, state)["the output"] for _ in range(2)]
    same = all(isinstance(y, Tensor) for y in outputs) and alike(outputs[0], outputs[1])
    return "" if same else "The same call gives another answer each time: is there randomness?"


def as_sequence(output: object) -> object:
    return output.unsqueeze(1) if isinstance(output, Tensor) else output


def in_precision(value: Tensor, dtype: torch.dtype) -> Tensor:
    """The value with this precision, complex if it was complex; what is no number, as it is."""
    if not with_gradient(value):
        return value
    return value.to(dtype.to_complex() if value.is_complex() else dtype)


def by_steps(trial: Trial, x: Tensor, state: State) -> Answer:
    outputs = []
    for x_t in x.unbind(1):
        found = trial.step(x_t, state)
        outputs.append(found["the output"])
        state = tuple(found[words] for words in trial.words)
    return trial.layer.answer(torch.stack(outputs, dim=1), state)


def expect_all_gradients(
    trial: Trial,
    method: str,
    run: Callable[[Trial, Tensor, State], Answer],
    x: Tensor,
    *,
    last_only: bool = False,
) -> None:
    """Fail unless outputs and state have the right gradients by all that they come from."""
    names = [w.replace("the state", "the first state") for w in trial.words]
    state = trial.somewhere(len(x))
    with torch.no_grad():
        rule = habit(trial, run(trial, x, state), x, state) or trial.layer.rule

    def last(words: str, value: Tensor) -> Tensor:
        return value[:, -1] if words == "the output" and last_only else value

    expect_gradients(
        f"{trial.layer.name}.{method}",
        trial.rng,
        {"x": x, **dict(zip(names, state, strict=True))},
        trial.weights,
        lambda given: run(trial, given["x"], tuple(given[name] for name in names)),
        lambda given, w: trial.layer.answer(*rule(w, given["x"], tuple(given[n] for n in names))),
        trial.gradients,
        last,
    )
