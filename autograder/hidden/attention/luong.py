"""Part 4, the scores of Luong: a product, and a product after a change of view."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from autograder.checks import Student
from autograder.hidden.attention.scores import (
    Compare,
    Score,
    Trial,
    expect_keys,
    expect_own_source,
    expect_score_edges,
    expect_score_form,
    expect_score_gradients,
    expect_scores,
)
from autograder.hidden.attention.suite import LUONG, suite
from autograder.hidden.shared.layers import Weights
from autograder.hidden.shared.tools import Suspects, normal


def compare(w: Weights, s: Tensor, k: Tensor) -> Tensor:
    return torch.einsum("bd,bjd->bj", s, k)


def cosine(w: Weights, s: Tensor, k: Tensor) -> Tensor:
    lengths: Tensor = s.norm(dim=1, keepdim=True) * k.norm(dim=2)
    return compare(w, s, k) / lengths


WRONG: dict[str, Compare] = {
    "The product is divided by the root of the size; that comes in chapter 8": (
        lambda w, s, k: compare(w, s, k) / math.sqrt(s.shape[1])
    ),
    "The product is divided by the size; it is a sum": (
        lambda w, s, k: compare(w, s, k) / s.shape[1]
    ),
    "This is the cosine; the product is not divided by the lengths": cosine,
    "The keys are summed up without the state": lambda w, s, k: k.sum(2),
    "s and the keys are added; they are multiplied": (
        lambda w, s, k: (s.unsqueeze(1) + k).sum(2)
    ),
    "This is the distance between s and the keys": (
        lambda w, s, k: (s.unsqueeze(1) - k).norm(dim=2)
    ),
    "This is minus the squared distance": (
        lambda w, s, k: -(s.unsqueeze(1) - k).square().sum(2)
    ),
    "Only the largest of the products counts; they are summed": (
        lambda w, s, k: (s.unsqueeze(1) * k).amax(2)
    ),
    "These are weights already; the softmax is not the score's": (
        lambda w, s, k: compare(w, s, k).softmax(1)
    ),
    "The product passes tanh; scores have no bound": lambda w, s, k: compare(w, s, k).tanh(),
    "The sign is turned round": lambda w, s, k: -compare(w, s, k),
}  # fmt: skip


def matrix(rng: torch.Generator, query: int, memory: int) -> Weights:
    return {"key.weight": normal(rng, query, memory)}


def keys(w: Weights, memory: Tensor) -> Tensor:
    return torch.einsum("qm,bjm->bjq", w["key.weight"], memory)


def wrong_keys(w: Weights, memory: Tensor) -> Suspects:
    W = w["key.weight"]
    wrong = {
        "This is the memory as it is; the keys are W h(j)": memory,
        "The keys are W h(j); no tanh is left": keys(w, memory).tanh(),
        "The keys are scaled": keys(w, memory) / math.sqrt(W.shape[1]),
        "The keys are weights already: no softmax is left": keys(w, memory).softmax(2),
    }
    if W.shape[0] == W.shape[1]:
        wrong["W looks transposed"] = memory @ W
        wrong["W is applied twice"] = memory @ W.T @ W.T
    return wrong


def applied_again(w: Weights, s: Tensor, k: Tensor) -> Tensor:
    W = w["key.weight"]
    return compare(w, s, k @ W.T if W.shape[0] == W.shape[1] else 0 * k)


AGAIN = "W is applied in forward once more: the keys are W h(j) already"
DOT = Score("DotScore", lambda rng, size: {}, ((4,), (1,), (7,)), lambda w, memory: memory,
            lambda w, memory: {}, compare, WRONG)  # fmt: skip
GENERAL = Score("GeneralScore", matrix, ((3, 4), (1, 1), (4, 1), (1, 3)), keys, wrong_keys, compare,
                {AGAIN: applied_again, **WRONG})  # fmt: skip
SQUARE = (4, 4)


@suite.check(LUONG, points=0.5, title="dot: the product of s and each key")
def dot_products(student: Student, rng: torch.Generator) -> None:
    expect_scores(student, rng, DOT, (4,), "s . key, for each key")


@suite.check(LUONG, points=0.5, title="general: the keys are W h(j), once per source")
def general_keys(student: Student, rng: torch.Generator) -> None:
    for size in (GENERAL.sizes[0], SQUARE):
        expect_keys(student, rng, GENERAL, size)


@suite.check(LUONG, points=0.5, title="general: the product of s and each key, nothing more")
def general_products(student: Student, rng: torch.Generator) -> None:
    excused = Trial(student, rng, DOT, batch=1).habit()  # it has cost its points
    for size in (GENERAL.sizes[0], SQUARE):
        expect_scores(student, rng, GENERAL, size, "s . key, for each key", excused)


@suite.check(LUONG, points=0.5, title="each state asks its own source")
def luong_batch(student: Student, rng: torch.Generator) -> None:
    for score in (DOT, GENERAL):
        expect_own_source(student, rng, score)


@suite.check(LUONG, points=0.5, title="gradients reach state, memory and W")
def luong_gradients(student: Student, rng: torch.Generator) -> None:
    for score in (DOT, GENERAL):
        expect_score_gradients(student, rng, score)


@suite.check(LUONG, points=0.5, title="shapes, dtypes, edges; nothing changed")
def luong_edges(student: Student, rng: torch.Generator) -> None:
    for score in (DOT, GENERAL):
        expect_score_form(student, rng, score)
        expect_score_edges(student, rng, score)
