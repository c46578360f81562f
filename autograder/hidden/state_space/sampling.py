"""Sampling by zero-order hold as equations, and what typical mistakes make of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

Dense = Callable[[Tensor, Tensor, float], Tensor]
Entries = Callable[[Tensor, Tensor], Tensor]


def eye(A: Tensor) -> Tensor:
    return torch.eye(len(A), dtype=A.dtype)


def exponential(A: Tensor, B: Tensor, step: float) -> Tensor:
    grown: Tensor = torch.linalg.matrix_exp(step * A)
    return grown


def integral(A: Tensor, B: Tensor, step: float) -> Tensor:
    """The integral of exp(s A) from 0 to the step, times B, for any A."""
    states, inputs = B.shape
    top = torch.cat([A, B], dim=1)
    below = torch.zeros(inputs, states + inputs, dtype=A.dtype)
    whole: Tensor = torch.linalg.matrix_exp(step * torch.cat([top, below]))
    return whole[:states, states:]


def halfway(A: Tensor, sign: int, step: float) -> Tensor:
    return eye(A) + sign * step / 2 * A


WRONG_STATES: Mapping[str, Dense] = {
    "exp is taken of each entry; the exponential of a matrix is torch.linalg.matrix_exp": (
        lambda A, B, step: torch.exp(step * A)
    ),
    "This is Euler's rule, I + step A; the hold is exact": lambda A, B, step: eye(A) + step * A,
    "This is the trapezoid rule; the hold is exact": (
        lambda A, B, step: torch.linalg.solve(halfway(A, -1, step), halfway(A, 1, step))
    ),
    "The step is missing: it is exp(step A)": lambda A, B, step: torch.linalg.matrix_exp(A),
    "A is turned round: A.T has no place here": lambda A, B, step: exponential(A.T, B, step),
    "It goes back in time: exp(-step A)": lambda A, B, step: exponential(A, B, -step),
    "A is divided by the step": lambda A, B, step: exponential(A, B, 1 / step),
    "This is exp(step A) - I": lambda A, B, step: exponential(A, B, step) - eye(A),
}
WRONG_INPUTS: Mapping[str, Dense] = {
    "This is Euler's rule, step B; the hold is exact": lambda A, B, step: step * B,
    "This is step exp(step A) B: the input acts all through the step, not at its beginning": (
        lambda A, B, step: step * exponential(A, B, step) @ B
    ),
    "This is the trapezoid rule; the hold is exact": (
        lambda A, B, step: torch.linalg.solve(halfway(A, -1, step), step * B)
    ),
    "The sign is turned round": lambda A, B, step: -integral(A, B, step),
    "B is left out": lambda A, B, step: integral(A, eye(A), step)[:, : B.shape[1]],
    "A^-1 is left out": lambda A, B, step: (exponential(A, B, step) - eye(A)) @ B,
    "It is multiplied by A in place of A^-1": (
        lambda A, B, step: A @ (exponential(A, B, step) - eye(A)) @ B
    ),
    "It is multiplied by the step once more": lambda A, B, step: step * integral(A, B, step),
    "It is divided by the step": lambda A, B, step: integral(A, B, step) / step,
    "I is not taken off: A^-1 (exp(step A) - I) B": (
        lambda A, B, step: torch.linalg.lstsq(A, exponential(A, B, step) @ B).solution
    ),
    "This is B itself": lambda A, B, step: B.clone(),
}


# --- the entries of a diagonal ----------------------------------------------------------------


def held(a: Tensor, step: Tensor) -> Tensor:
    """(exp(step a) - 1) / a with all digits; the step where a is 0."""
    z = step * a
    nothing = z == 0
    return step * torch.where(
        nothing, 1 + z / 2, torch.expm1(z) / torch.where(nothing, torch.ones_like(z), z)
    )


def grown(a: Tensor, step: Tensor) -> Tensor:
    return torch.exp(step * a)


WRONG_GROWN: Mapping[str, Entries] = {
    "The step is missing: it is exp(step a)": lambda a, step: torch.exp(a) + 0 * step,
    "This is Euler's rule, 1 + step a": lambda a, step: 1 + step * a,
    "It goes back in time: exp(-step a)": lambda a, step: grown(-a, step),
    "Only the real part of a is used": lambda a, step: grown(a.real + 0 * a, step),
    "This is the trapezoid rule; the hold is exact": (
        lambda a, step: (1 + step / 2 * a) / (1 - step / 2 * a)
    ),
    "This is exp(step a) - 1": lambda a, step: grown(a, step) - 1,
}
WRONG_HELD: Mapping[str, Entries] = {
    "This is Euler's rule, the step": lambda a, step: step + 0 * a,
    "1 / a is left out": lambda a, step: torch.expm1(step * a),
    "It is divided by step a; it should be by a": lambda a, step: held(a, step) / step,
    "The sign is turned round": lambda a, step: -held(a, step),
    "It is multiplied by a; divide": lambda a, step: torch.expm1(step * a) * a,
    "This is the trapezoid rule; the hold is exact": lambda a, step: step / (1 - step / 2 * a),
    "This is step exp(step a): the input acts all through the step": (
        lambda a, step: step * grown(a, step)
    ),
    "It is multiplied by the step once more": lambda a, step: step * held(a, step),
}
