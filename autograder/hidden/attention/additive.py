"""Part 3, the additive score: keys that are read once, the comparison, who asks whom."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from autograder.checks import Student
from autograder.hidden.attention.scores import (
    Compare,
    Score,
    expect_keys,
    expect_own_source,
    expect_score_edges,
    expect_score_form,
    expect_score_gradients,
    expect_scores,
)
from autograder.hidden.attention.suite import ADDITIVE, suite
from autograder.hidden.shared.layers import Weights
from autograder.hidden.shared.tools import Suspects, normal


def weights(rng: torch.Generator, query: int, memory: int, hidden: int) -> Weights:
    return {
        "query.weight": normal(rng, hidden, query),
        "key.weight": normal(rng, hidden, memory),
        "v": normal(rng, hidden),
    }


def keys(w: Weights, memory: Tensor) -> Tensor:
    return memory @ w["key.weight"].T


def wrong_keys(w: Weights, memory: Tensor) -> Suspects:
    U, W = w["key.weight"], w["query.weight"]
    wrong = {
        "This is the memory as it is; the keys are U h(j)": memory,
        "tanh comes later, when W s has been added": torch.tanh(memory @ U.T),
        "The keys have v in them already; it comes last": (memory @ U.T) * w["v"],
        "The keys are U h(j) and not their sum over the source": keys(w, memory).cumsum(1),
    }
    if U.shape[0] == U.shape[1]:
        wrong["U looks transposed"] = memory @ U
    if W.shape == U.shape:
        wrong["W takes the place of U: self.key reads the memory, self.query the state"] = (
            memory @ W.T
        )
    return wrong


def asked(w: Weights, s: Tensor) -> Tensor:
    return (s @ w["query.weight"].T).unsqueeze(1)


def compare(w: Weights, s: Tensor, k: Tensor) -> Tensor:
    return torch.tanh(asked(w, s) + k) @ w["v"]


WRONG: dict[str, Compare] = {
    "tanh is missing": lambda w, s, k: (asked(w, s) + k) @ w["v"],
    "The logistic function takes the place of tanh": (
        lambda w, s, k: torch.sigmoid(asked(w, s) + k) @ w["v"]
    ),
    "relu takes the place of tanh": lambda w, s, k: torch.relu(asked(w, s) + k) @ w["v"],
    "The decoder's state is left out": lambda w, s, k: torch.tanh(k) @ w["v"],
    "The keys are left out": lambda w, s, k: (torch.tanh(asked(w, s)) @ w["v"]).expand(k.shape[:2]),
    "v is left out: the hidden units are summed": (
        lambda w, s, k: torch.tanh(asked(w, s) + k).sum(2)
    ),
    "v is left out: this is the mean of the hidden units": (
        lambda w, s, k: torch.tanh(asked(w, s) + k).mean(2)
    ),
    "tanh is taken of each alone; W s and U h(j) are added first": (
        lambda w, s, k: (torch.tanh(asked(w, s)) + torch.tanh(k)) @ w["v"]
    ),
    "tanh is taken of the keys alone": lambda w, s, k: (asked(w, s) + torch.tanh(k)) @ w["v"],
    "W s and U h(j) are multiplied; they are added": (
        lambda w, s, k: torch.tanh(asked(w, s) * k) @ w["v"]
    ),
    "U h(j) is subtracted; it is added": lambda w, s, k: torch.tanh(asked(w, s) - k) @ w["v"],
    "The result passes tanh once more": lambda w, s, k: torch.tanh(compare(w, s, k)),
    "These are weights already; the softmax is not the score's": (
        lambda w, s, k: compare(w, s, k).softmax(1)
    ),
    "The score is divided by the root of the size; here nothing is scaled": (
        lambda w, s, k: compare(w, s, k) / math.sqrt(len(w["v"]))
    ),
    "The score is divided by the number of tokens": lambda w, s, k: compare(w, s, k) / k.shape[1],
}


def applied_again(w: Weights, s: Tensor, k: Tensor) -> Tensor:
    U = w["key.weight"]
    again = k @ U.T if U.shape[0] == U.shape[1] else k
    return compare(w, s, again)


WRONG["U is applied in forward once more: the keys are U h(j) already"] = applied_again

SCORE = Score("AdditiveScore", weights, ((3, 4, 5), (1, 1, 1), (4, 2, 1), (1, 3, 6)), keys,
              wrong_keys, compare, WRONG)  # fmt: skip
SQUARE = (4, 4, 4)


@suite.check(ADDITIVE, points=0.5, title="read: the keys are U h(j), once per source")
def additive_keys(student: Student, rng: torch.Generator) -> None:
    for size in (SCORE.sizes[0], SQUARE):
        expect_keys(student, rng, SCORE, size)


@suite.check(ADDITIVE, points=0.5, title="the comparison: v . tanh(W s + key)")
def additive_comparison(student: Student, rng: torch.Generator) -> None:
    hint = "v . tanh(W s + key), for each key"
    for size in (SCORE.sizes[0], SQUARE):
        expect_scores(student, rng, SCORE, size, hint)


@suite.check(ADDITIVE, points=0.5, title="each state asks its own source")
def additive_batch(student: Student, rng: torch.Generator) -> None:
    expect_own_source(student, rng, SCORE)


@suite.check(ADDITIVE, points=0.5, title="shapes and dtypes of the text; nothing changed")
def additive_form(student: Student, rng: torch.Generator) -> None:
    expect_score_form(student, rng, SCORE)


@suite.check(ADDITIVE, points=0.5, title="gradients reach state, memory, W, U and v")
def additive_gradients(student: Student, rng: torch.Generator) -> None:
    expect_score_gradients(student, rng, SCORE)


@suite.check(ADDITIVE, points=0.5, title="edges: one sequence, one token, no token, sizes of one")
def additive_edges(student: Student, rng: torch.Generator) -> None:
    expect_score_edges(student, rng, SCORE)
