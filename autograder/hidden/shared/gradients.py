"""Gradients of a loss, by the student's code and by ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from autograder.checks import expect, expect_close, expect_shape
from autograder.hidden.shared.tools import (
    ATOL,
    as_differentiable,
    close,
    fitted,
    normal,
    with_gradient,
)

Leaves = dict[str, Tensor]
Found = Mapping[str, Tensor | None]
Values = dict[str, Any]


def expect_gradients(
    name: str,
    rng: torch.Generator,
    inputs: Leaves,
    weights: Mapping[str, Tensor],
    theirs: Callable[[Leaves], Values],
    right: Callable[[Leaves, Leaves], Values],
    by_parameter: Callable[[], Found],
    pick: Callable[[str, Tensor], Tensor] = lambda words, value: value,
    otherwise: str = "Is it detached, or used as .data?",
) -> tuple[Leaves, Leaves]:
    """Fail unless a loss of the answers has the right gradients by inputs and parameters.

    Args:
        name: what is differentiated, for messages.
        inputs, weights: by the words that messages use for them.
        theirs: the student's answers, by words, for some inputs.
        right: ours, for inputs and weights.
        by_parameter: the gradients that the student's parameters have then.
        pick: the piece of an answer that the loss looks at.
        otherwise: the hint for an input's gradient that is wrong while the answers are right.

    Returns the student's leaves and ours, with their gradients.
    """
    mine, own = _leaves(inputs), _leaves(weights)
    wanted = right(mine, own)
    pulls = {words: normal(rng, *pick(words, v).shape) for words, v in wanted.items()}
    _loss(wanted, pulls, pick).backward()

    given = _leaves(inputs)
    found = theirs(given)
    for words, value in found.items():
        if with_gradient(wanted[words]):
            as_differentiable(value, f"{words} of {name}")
        expect_shape(value, wanted[words].shape, what=f"{words} of {name}")
    _loss(found, pulls, pick).backward()

    wrong = [words for words in wanted if not close(found[words], wanted[words], ATOL)]
    already = f"But {wrong[0]} is wrong already: begin there" if wrong else ""
    _expect_reach(given, mine, already)
    for words, leaf in mine.items():
        hint = already or otherwise
        _expect_gradient(given[words].grad, leaf.grad, words, hint)
    for words, grad in by_parameter().items():
        hint = already or "Is it used as it is, not as a copy or .data, at every step?"
        grad = None if grad is None else fitted(grad, own[words].shape)
        _expect_gradient(grad, own[words].grad, words, hint)
    return given, mine


def _leaves(values: Mapping[str, Tensor]) -> Leaves:
    leaves = {words: value.detach().clone() for words, value in values.items()}
    return {words: leaf.requires_grad_(with_gradient(leaf)) for words, leaf in leaves.items()}


def _loss(answers: Values, pulls: Leaves, pick: Callable[[str, Tensor], Tensor]) -> Tensor:
    total = torch.zeros((), dtype=torch.float64)
    for words, value in answers.items():
        product = (pick(words, value) * pulls[words]).sum()
        total = total + (product.real if product.is_complex() else product)
    return total


def _expect_gradient(found: Tensor | None, wanted: Tensor | None, what: str, hint: str) -> None:
    if wanted is None or not wanted.any():
        wanted = None
    expect(found is not None or wanted is None, f"no gradient arrives at {what}. {hint}")
    if found is not None and wanted is not None and bool(found.isnan().any()):
        hint = "0 / 0 spoils a gradient even in the branch that torch.where does not choose"
    if found is not None and wanted is not None:
        what = f"the gradient by {what}"
        expect_close(found, wanted, atol=ATOL, rtol=ATOL, what=what, hint=hint)


def _expect_reach(found: Leaves, wanted: Leaves, already: str) -> None:
    """Fail when the error comes back through fewer tokens of a sequence than it should."""
    for words, leaf in wanted.items():
        if leaf.ndim != 3 or words != "x" or leaf.grad is None:
            continue
        time = leaf.shape[1]
        theirs, ours = _through(found[words].grad), _through(leaf.grad)
        expect(
            theirs >= ours,
            f"an error at the last token should come back through {ours} of {time} tokens, and "
            f"comes through {theirs}: a state is detached, overwritten or not handed on. "
            f"{already}",
        )


def _through(grad: Tensor | None) -> int:
    """How many tokens, from the last one on, a gradient has come back through."""
    reached = [] if grad is None else grad.abs().sum((0, 2)).nonzero().flatten().tolist()
    return grad.shape[1] - reached[0] if grad is not None and reached else 0
