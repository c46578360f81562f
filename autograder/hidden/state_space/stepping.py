"""Laws of a layer by the equation it steps with: a mistake in the equation costs there only.

Two mistakes at once count, too: without that, none of the checks would know the layer again, and
all of them would be lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch

from autograder.checks import Student, Suite
from autograder.hidden.shared.comparing import alike
from autograder.hidden.shared.laws import TITLES, Law, one_step, whole_sequence
from autograder.hidden.shared.layers import Layer, Rule, Trial
from autograder.hidden.shared.owned import in_twos

Words = tuple[str, ...]  # of the mistakes in an equation
Choice = Callable[[Student], Layer]


def rules_in_twos(right: Any, mistakes: Mapping[str, Any]) -> dict[Words, Rule]:
    """The rules of all equations with two of these mistakes in them."""
    return {two: each.rule for two, each in in_twos(right, mistakes).items()}


def steps_by(trial: Trial, rules: Mapping[Words, Rule]) -> Words | None:
    """The first of these equations that explains two steps of the student's, by its words.

    The second step shows what the first has left in the state, too.
    """
    layer = trial.layer
    x, state = trial.tokens(2, 2), trial.somewhere(2)
    first = trial.step(x[:, 0], state)
    second = trial.step(x[:, 1], tuple(first[words] for words in trial.words))
    for words, rule in rules.items():
        y, after = rule(trial.weights, x, state)
        if alike(second["the output"], y[:, 1].detach()) and all(
            alike(second[name], part.detach())
            for name, part in zip(layer.words, after, strict=True)
        ):
            return words
    return None


def as_it_steps(student: Student, layer: Layer) -> tuple[Layer, Words]:
    """The layer whose rule is the equation that the student's steps show, and its mistakes.

    The rule is ours, in any case; it is the right one when the steps are right or unknown. It is
    looked for once for each submission.
    """

    def search(rng: torch.Generator) -> tuple[Words, Rule]:
        trial = Trial(student, rng, layer)
        rules: dict[Words, Rule] = {(): layer.rule}
        rules |= {(words,): rule for words, rule in layer.wrong.items()}
        found = steps_by(trial, rules)
        if found is None:
            rules |= layer.doubles()
            found = steps_by(trial, rules) or ()
        return found, rules[found]

    found, rule = student.desk.once(f"the equation of {layer.name}", search)
    return replace(layer, rule=rule), found


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
            by_steps, mistakes = as_it_steps(student, right)
            held = right if laws[0] in strict else by_steps
            # A step that is right says what the equation is; forward's own mistakes are named once.
            named = laws[0] in (one_step, whole_sequence) and held.rule is right.rule
            wrong = dict(held.wrong) if named else {}
            if named and len(mistakes) > 1:
                wrong[". And: ".join(mistakes)] = by_steps.rule
            held = replace(held, wrong=wrong)
            for law in laws:
                law(student, rng, held)

        check.__name__ = f"{prefix}{laws[0].__name__}"
        suite.check(grade_id, points=worth, title=TITLES[laws[0].__name__])(check)

    for laws, worth in checks.items():
        register(laws, worth)
