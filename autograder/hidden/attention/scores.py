"""What parts 3 and 4 share: a score as its two methods, right and wrong, and how to examine it.

A score reads keys once per source, and compares a decoder's state with them. Both methods are
asked by themselves: the comparison gets keys of the judge, which come from no memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from autograder.checks import Remote, Student, expect, expect_close, expect_shape, expect_type
from autograder.hidden.shared.asking import expect_form
from autograder.hidden.shared.gradients import expect_gradients
from autograder.hidden.shared.layers import Weights, gradients_of, loaded
from autograder.hidden.shared.tools import (
    ATOL,
    DOUBLE,
    SINGLE,
    Suspects,
    close,
    diagnosis,
    expect_value,
    normal,
    untouched,
)

Size = tuple[int, ...]
Compare = Callable[[Weights, Tensor, Tensor], Tensor]  # weights, s, keys -> scores
TOKENS = 5


@dataclass(frozen=True)
class Score:
    """A score as the checks see it.

    Args:
        name: its class on the student's side.
        weights: random numbers for its parameters, for a size.
        sizes: arguments of the constructor, that of the query first, then that of the memory (if
            it is another); the usual ones first, then the edges.
        keys, compare: what is right.
        wrong_keys, wrong: what typical mistakes come to.
    """

    name: str
    weights: Callable[..., Weights]
    sizes: tuple[Size, ...]
    keys: Callable[[Weights, Tensor], Tensor]
    wrong_keys: Callable[[Weights, Tensor], Suspects]
    compare: Compare
    wrong: Mapping[str, Compare]


class Trial:
    """The student's score with random numbers in it, a state and a memory that fit it."""

    def __init__(
        self, student: Student, rng: torch.Generator, score: Score, size: Size | None = None,
        batch: int = 3, tokens: int = TOKENS,
    ) -> None:  # fmt: skip
        self.score, self.size = score, size or score.sizes[0]
        self.w = score.weights(rng, *self.size)
        self.module: Remote = getattr(student, score.name)(*self.size)
        expect_type(self.module, Remote, what=f"{score.name}(...)")
        self.names = loaded(self.module, self.w)
        self.s = normal(rng, batch, self.size[0])
        self.memory = normal(rng, batch, tokens, self.size[min(1, len(self.size) - 1)])
        self.k = normal(rng, *score.keys(self.w, self.memory).shape)

    def right(self) -> Tensor:
        return self.score.compare(self.w, self.s, self.k)

    def suspects(self) -> dict[str, Tensor]:
        return {words: way(self.w, self.s, self.k) for words, way in self.score.wrong.items()}

    def compared(self) -> Any:
        with torch.no_grad():
            return self.module(self.s, self.k)

    def habit(self) -> str:
        """The mistake that explains the comparison; "" for a right one and for others."""
        return diagnosis(self.compared(), self.suspects(), "")


def expect_keys(student: Student, rng: torch.Generator, score: Score, size: Size) -> None:
    trial = Trial(student, rng, score, size)
    with torch.no_grad():
        found = trial.module.read(trial.memory)
    wanted, wrong = score.keys(trial.w, trial.memory), score.wrong_keys(trial.w, trial.memory)
    hint = "read should do what can be done before anybody asks"
    expect_value(found, wanted, wrong, hint, what=f"the keys that {score.name}.read gives")


def expect_scores(
    student: Student, rng: torch.Generator, score: Score, size: Size, hint: str, excused: str = ""
) -> None:
    """Fail unless one state is compared rightly with keys; name the mistake, but for one."""
    trial = Trial(student, rng, score, size, batch=1)
    if not excused or trial.habit() != excused:
        found, what = trial.compared(), f"the scores of {score.name}"
        expect_value(found, trial.right(), trial.suspects(), hint, what=what)


def expect_own_source(student: Student, rng: torch.Generator, score: Score) -> None:
    """Fail unless each state is compared with the keys of its own source."""
    alone = Trial(student, rng, score, batch=1)
    rule = score.wrong.get(alone.habit(), score.compare)
    trial = Trial(student, rng, score, batch=TOKENS)  # as many as tokens: nothing fails by shape
    found, (s, k) = trial.compared(), (trial.s, trial.k)

    def with_states(states: Tensor) -> Tensor:
        """Scores of each key, (source, token), for a state of its own."""
        pairs = [rule(trial.w, states[:, j], k[:, j : j + 1]) for j in range(TOKENS)]
        return torch.cat(pairs, dim=1)

    by_token = s.expand(TOKENS, *s.shape)
    suspects = {
        "The states are laid along the tokens: state b belongs to source b": with_states(by_token),
        "The scores are transposed: (batch, source)": rule(trial.w, s, k).T,
        "All sources are asked by the first state": rule(trial.w, s[:1].expand_as(s), k),
        "All states ask the first source": rule(trial.w, s, k[:1].expand_as(k)),
        "The states ask the sources in reverse order": rule(trial.w, s.flip(0), k),
        "The states of a batch are averaged": rule(trial.w, s.mean(0, True).expand_as(s), k),
    }
    hint = "The state of row b meets the keys of row b, and no others"
    what = f"the scores of {score.name}, for {TOKENS} sources of {TOKENS} tokens"
    expect_value(found, rule(trial.w, s, k), suspects, hint, what=what)


def expect_score_form(student: Student, rng: torch.Generator, score: Score) -> None:
    trial = Trial(student, rng, score)
    for dtype in (DOUBLE, torch.float32):
        module = trial.module.to(dtype)
        with torch.no_grad():
            keys = module.read(trial.memory.to(dtype))
            untouched(student, f"{score.name}.read")
            expect_form(keys, trial.k.to(dtype), f"what {score.name}.read gives")
            e = module(trial.s.to(dtype), trial.k.to(dtype))
            untouched(student, f"{score.name}.forward")
            expect_form(e, trial.right().to(dtype), f"the scores of {score.name}")
    known = [trial.right(), *trial.suspects().values()]
    right = any(close(e[:1].double(), value[:1], SINGLE) for value in known)
    expect(right, f"the form is right, but no score of {score.name} is")


def expect_score_gradients(student: Student, rng: torch.Generator, score: Score) -> None:
    trial = Trial(student, rng, score, batch=1)  # who asks whom has a check of its own
    rule = score.wrong.get(trial.habit(), score.compare)
    with torch.no_grad():
        keys = diagnosis(
            trial.module.read(trial.memory), score.wrong_keys(trial.w, trial.memory), ""
        )

    def theirs(given: dict[str, Tensor]) -> dict[str, Any]:
        e = trial.module(given["s"], trial.module.read(given["memory"]))
        expect_shape(e, trial.k.shape[:2], what="the scores")
        return {"the scores": e}

    def ours(given: dict[str, Tensor], w: Weights) -> dict[str, Any]:
        memory = given["memory"]
        k = score.wrong_keys(w, memory)[keys] if keys else score.keys(w, memory)
        return {"the scores": rule(w, given["s"], k)}

    def by_parameter() -> dict[str, Tensor | None]:
        return gradients_of(trial.module, trial.names)

    inputs = {"s": trial.s, "memory": trial.memory}
    expect_gradients(score.name, rng, inputs, trial.w, theirs, ours, by_parameter)


def expect_score_edges(student: Student, rng: torch.Generator, score: Score) -> None:
    shapes = ((1, 1), (3, 1), (1, 4), (2, 0))
    for number, size in enumerate(score.sizes):
        for batch, tokens in shapes if not number else (shapes[number % len(shapes)],):
            trial = Trial(student, rng, score, size, batch, tokens)
            found, right, hint = trial.compared(), trial.right(), f"in {score.name}{size}"
            what = f"the scores of {batch} sources of {tokens} tokens"
            expect_shape(found, right.shape, what=what, hint=hint)
            known = [value[:1] for value in (right, *trial.suspects().values())]
            if not any(close(found[:1], value, 100 * ATOL) for value in known):
                expect_close(found[:1], right[:1], atol=ATOL, rtol=ATOL, what=what, hint=hint)
