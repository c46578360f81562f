"""Tasks whose answer is the state of a small machine: group words, counters, and a hidden line.

State tracking and counting separate what a layer can compute from how it is trained: a model
that has found the machine is right at every length, one that has learned the lengths is not.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

GROUPS = ("parity", "s3", "a5")
IGNORED = -100  # torch's label for a place without a target


class Words(NamedTuple):
    """Words over a group's generators; ``state`` is the product of all letters so far."""

    letters: Int[Tensor, "batch time"]
    state: Int[Tensor, "batch time"]


def moves(group: str) -> Int[Tensor, "element letter"]:
    """Return which element comes after an element when a letter is read; element 0 is the start.

    "parity": letters 0 and 1, elements even and odd. "s3": the permutations of 3 things; letter
    0 swaps the first two, letter 1 moves every thing on by one place. "a5": the 60 even ones of
    5 things; letter 0 moves the first three round instead. The letters generate the group. a5
    is the smallest that is not solvable: its word problem is complete for NC1 (Barrington 1989).
    """
    if group == "parity":
        return torch.tensor([[0, 1], [1, 0]])
    if group not in GROUPS:
        raise ValueError(f"group must be one of {GROUPS}, got {group!r}")
    start = tuple(range(int(group[1])))
    first = 3 if group[0] == "a" else 2
    number = {start: 0}
    table: list[list[int]] = []
    for element in (waiting := [start]):
        turned = (*element[1:first], element[0], *element[first:])
        table.append([])
        for reached in (turned, (*element[1:], element[0])):
            if reached not in number:
                number[reached] = len(number)
                waiting.append(reached)
            table[-1].append(number[reached])
    return torch.tensor(table)


def words(group: str, batch: int, time: int, generator: torch.Generator) -> Words:
    """Draw words of random letters, and say what state each prefix leads to."""
    table = moves(group)
    letters = torch.randint(0, table.shape[1], (batch, time), generator=generator)
    state, states = torch.zeros(batch, dtype=torch.long), []
    for letter in letters.unbind(1):
        state = table[state, letter]
        states.append(state)
    return Words(letters, torch.stack(states, dim=1))


class Counted(NamedTuple):
    """Strings S a^n b^n, padded with b, and what comes next: a, b or the end T.

    ``next`` is ``IGNORED`` behind the end. ``forced`` marks where only one symbol can follow.
    """

    x: Int[Tensor, "batch time"]
    next: Int[Tensor, "batch time"]
    forced: Bool[Tensor, "batch time"]


def counted(counts: Int[Tensor, " batch"]) -> Counted:
    """Return the string a^n b^n for every n: read S a..a b..b, predict a..a b..b T.

    From the first b on, each next symbol is forced: n - 1 times b, then T.
    Source: Gers & Schmidhuber 2001, section III, with one symbol for each end.
    """
    n = counts.unsqueeze(1)
    t = torch.arange(2 * int(counts.max()) + 1, device=counts.device)
    symbol = torch.where(t == 0, 0, torch.where(t <= n, 1, 2))  # S, a, b
    following = torch.where(t < n, 0, torch.where(t < 2 * n, 1, 2))  # a, b, T
    inside = t <= 2 * n
    return Counted(symbol, following.masked_fill(~inside, IGNORED), inside & (t > n))


def accepted(scores: Float[Tensor, "batch time symbol"], wanted: Counted) -> Bool[Tensor, " batch"]:
    """Tell which strings are foretold without a mistake, wherever the next symbol is forced."""
    right = scores.argmax(-1) == wanted.next
    return (right | ~wanted.forced).all(-1)


class Lines(NamedTuple):
    """Pairs (x, w . x) with a new w in every sequence; each answer is told one step later."""

    tokens: Float[Tensor, "batch pair inputs"]
    target: Float[Tensor, "batch pair"]


def lines(batch: int, pairs: int, dim: int, generator: torch.Generator) -> Lines:
    """Draw w and x from N(0, 1/dim) and N(0, 1), in ``dim`` dimensions; tokens are (x(k), y(k-1)).

    The target y(k) = w . x(k) has variance 1. Least squares on the pairs before leaves
    1 - (k-1)/dim of it at the k-th pair, and nothing from k = dim + 1 on.
    Source: Hochreiter, Younger & Conwell 2001 (the previous answer as an input).
    """
    w = torch.randn(batch, 1, dim, generator=generator) * dim**-0.5
    x = torch.randn(batch, pairs, dim, generator=generator)
    y = (w * x).sum(-1)
    told = torch.cat([torch.zeros(batch, 1), y[:, :-1]], dim=1)
    return Lines(torch.cat([x, told.unsqueeze(-1)], dim=-1), y)


def longest_run(ok: Bool[Tensor, " n"]) -> int:
    """Return how many leading entries are true: with entry n - 1 for n, the last n of an
    unbroken run from 1."""
    return int(ok.long().cumprod(0).sum())
