"""Laws of a layer by the equation it steps with: a mistake in the equation costs there only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import torch

from autograder.checks import Student, Suite
from autograder.hidden.shared.comparing import alike
from autograder.hidden.shared.laws import TITLES, Law, one_step, whole_sequence
from autograder.hidden.shared.layers import Layer, Trial

Choice = Callable[[Student], Layer]


def as_it_steps(student: Student, rng: torch.Generator, layer: Layer) -> Layer:
    """The layer whose rule is the mistake in the equation that a step of the student's shows.

    The rule is ours, in any case; it is the right one when the step is right or unknown.
    """
    trial = Trial(student, rng, layer)
    x, state = trial.tokens(4, 1), trial.somewhere(4)
    found = trial.step(x[:, 0], state)
    for rule in (layer.rule, *layer.wrong.values()):
        y, after = rule(trial.weights, x, state)
        wanted = layer.answer(y[:, 0].detach(), tuple(part.detach() for part in after))
        if all(alike(found[words], value) for words, value in wanted.items()):
            return replace(layer, rule=rule)
    return layer


def hold(
    suite: Suite,
    grade_id: str,
    layer: Choice,
    checks: Mapping[tuple[Law, ...], float],
    prefix: str,
    strict: tuple[Law, ...] = (),
) -> None:
    """Make laws the checks of a graded cell, each by the equation that the layer steps with.

    Laws that stand together are one check; `strict` ones hold it to the right equation.
    """

    def register(laws: tuple[Law, ...], worth: float) -> None:
        def check(student: Student, rng: torch.Generator) -> None:
            right = layer(student)
            held = right if laws[0] in strict else as_it_steps(student, rng, right)
            # A step that is right says what the equation is; forward's own mistakes are named once.
            named = laws[0] in (one_step, whole_sequence) and held.rule is right.rule
            held = held if named else replace(held, wrong={})
            for law in laws:
                law(student, rng, held)

        check.__name__ = f"{prefix}{laws[0].__name__}"
        suite.check(grade_id, points=worth, title=TITLES[laws[0].__name__])(check)

    for laws, worth in checks.items():
        register(laws, worth)
