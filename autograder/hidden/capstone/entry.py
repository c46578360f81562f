"""An entry: a student's layer, trained once for all checks by the recipe, and examined.

Who holds what. The judge has the tongues, how letters look, the readout, the words, their sounds
and the layer's weights; the student's process has the layer's code. Over the wire go inputs and,
back, outputs; cotangents and, back, gradients; weights. No letter, no sound and no label crosses.
The exam is in a fresh process that has never seen training, so that all a layer has learned is
in the weights, which the judge has counted. A letter is asked about after the one before it was
answered, and the words of the exam are none of those it was trained on.

What remains to a student who tampers: gradients may be lies, so a layer can choose its own way to
train, within the same weights and the same time. That is a design like another.
"""

from __future__ import annotations

import math
from contextvars import ContextVar
from statistics import mean
from typing import NamedTuple

import torch

from autograder.checks import CheckFailure, Student
from autograder.hidden.capstone.pupil import NAME, Pupil
from autograder.hidden.capstone.references import SCORES
from autograder.hidden.capstone.streaming import agree_after_training
from autograder.recipes.exam import Score, score, share_right, streamed, unknown_words
from autograder.recipes.training import FEATURES, Recipe, Trained, train

PARAMETERS = 6_000
FEW = 5  # words of the exam that are asked again, by themselves


class Grading(NamedTuple):
    """How an entry is trained, and how much processor time that may take, in seconds."""

    recipe: Recipe
    seconds: float


FULL = Grading(Recipe(), 40.0)  # the strong reference needs about 5 on one core
SHORT = Grading(Recipe(tongues=1, steps=80, exam=200), 3.0)  # for tests of the suite itself
grading: ContextVar[Grading] = ContextVar("grading", default=FULL)


class Entry(NamedTuple):
    """What came of an entry."""

    score: Score
    parameters: int
    seconds: float
    broken: str  # what is wrong with streaming after training; nothing if nothing is


def parameters_of(pupil: Pupil) -> int:
    """Return how many numbers the state_dict of a layer holds, buffers included."""
    return sum(value.numel() for value in pupil.state_dict().values())


def under_two_names(pupil: Pupil) -> tuple[str, str] | None:
    """Return two names of one tensor in the state_dict, if there are any.

    Every name is loaded with a number of its own; a name that then holds another one's shares it.
    """
    weights = pupil.state_dict()
    marked = {
        name: torch.full_like(value, number)
        for number, (name, value) in enumerate(weights.items(), start=1)
        if value.is_floating_point() and value.numel()
    }
    pupil.load_state_dict(weights | marked)
    held = pupil.state_dict()
    for name, value in marked.items():
        for other in marked:
            if other != name and not value.equal(held[name]) and marked[other].equal(held[name]):
                return name, other
    return None


def entry_of(student: Student) -> Entry:
    """Return what came of the student's layer. It is trained when somebody asks for the first time.

    Raises CheckFailure where there is nothing to train, or too much.
    """
    return student.desk.once("entry", lambda rng: _made(student, rng))


def _made(student: Student, rng: torch.Generator) -> Entry:
    fresh = Pupil(student)
    parameters = parameters_of(fresh)
    if parameters > PARAMETERS:
        raise CheckFailure(
            f"{NAME}({FEATURES}) has {parameters:,} weights, the budget is {PARAMETERS:,}. It was "
            "not trained: a score counts within the budget only"
        )
    shared = under_two_names(fresh)
    if shared is not None:
        raise CheckFailure(
            "`{}` and `{}` are one tensor under two names. The recipe holds and trains each name "
            "by itself, so it was not trained: keep the tensor under one name, and use that in "
            "both places".format(*shared)
        )
    chosen = grading.get().recipe
    student.anew()
    student.seed(rng)
    trained = [train(Pupil(student), chosen, rng, Pupil.gradients) for _ in range(chosen.tongues)]
    seconds = student.anew()
    shares, broken = [], ""
    for each in trained:
        words = unknown_words(each.tongue, chosen.exam, each.known, rng)
        pupil = Pupil(student)
        pupil.load_state_dict(each.weights)
        outputs = streamed(pupil, each, words)
        shares.append(share_right(each, words, outputs))
        broken = broken or _broken(pupil, each, words, outputs)
    found = Entry(score(shares), parameters, seconds, broken)
    student.desk.measured.update(
        score=found.score.mean,
        parameters=float(parameters),
        seconds=seconds,
        within_budget=float(seconds <= grading.get().seconds),
        **{f"reference_{name}": mean(scores) for name, scores in SCORES[chosen].items()},
    )
    if not math.isnan(found.score.error):
        student.desk.measured["score_error"] = found.score.error
    return found


@torch.no_grad()
def _broken(pupil: Pupil, trained: Trained, words: torch.Tensor, outputs: torch.Tensor) -> str:
    """Say where a trained layer contradicts itself."""
    forward = pupil(trained.looks[words])[0]
    alone = streamed(pupil, trained, words[:FEW])
    try:
        agree_after_training(forward, outputs, alone, words)
    except CheckFailure as failure:
        return str(failure)
    return ""
