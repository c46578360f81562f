"""Turning sequences round and finding their ends, as it should be and as mistakes have it.

A sequence is a row of x, and n its length.
"""

from __future__ import annotations

import torch
from torch import Tensor

from autograder.hidden.shared.tools import Suspects


def turned(x: Tensor, lengths: Tensor) -> Tensor:
    """Each sequence turned round within its length."""
    rows = [torch.cat([row[:n].flip(0), row[n:]]) for row, n in zip(x, lengths, strict=True)]
    return torch.stack(rows)


def at_end(y: Tensor, lengths: Tensor) -> Tensor:
    return torch.stack([row[n - 1] for row, n in zip(y, lengths, strict=True)])


def at(y: Tensor, places: Tensor) -> Tensor:
    return torch.stack([row[n] for row, n in zip(y, places % y.shape[1], strict=True)])


def padding_first(x: Tensor, lengths: Tensor) -> Tensor:
    return x.flip(1)


def zeroed(x: Tensor, lengths: Tensor) -> Tensor:
    return x * (torch.arange(x.shape[1]) < lengths.unsqueeze(1)).unsqueeze(2)


def wrong_turns(x: Tensor, lengths: Tensor) -> Suspects:
    batch_turned = turned(x.flip(0), lengths.flip(0))
    longest = int(lengths.max())
    by_one = [torch.cat([row[: n - 1].flip(0), row[n - 1 :]]) for row, n in rows_of(x, lengths)]
    beyond = [torch.cat([row[: n + 1].flip(0), row[n + 1 :]]) for row, n in rows_of(x, lengths)]
    return {
        "The whole rows are turned round, so padding comes first": x.flip(1),
        "All sequences are turned round within the same length; each has its own": (
            torch.cat([x[:, :longest].flip(1), x[:, longest:]], dim=1)
        ),
        "All sequences are turned round within the length of the first": (
            torch.cat([x[:, : lengths[0]].flip(1), x[:, lengths[0] :]], dim=1)
        ),
        "What stands behind the end is set to 0; it should stay as it is": (
            zeroed(turned(x, lengths), lengths)
        ),
        "What stands behind the end is turned round, too; it should stay as it is": (
            torch.stack([torch.cat([r[:n].flip(0), r[n:].flip(0)]) for r, n in rows_of(x, lengths)])
        ),
        "The last token of each sequence stays where it is: is the length off by one?": (
            torch.stack(by_one)
        ),
        "One token of padding is turned round with each sequence: is the length off by one?": (
            torch.stack(beyond)
        ),
        "Nothing is turned round": x,
        "The batch is turned round; time is axis 1": x.flip(0),
        "The batch is turned round, too": batch_turned,
        "The features are turned round; time is axis 1": x.flip(2),
        "The sequences are shifted to the end and not turned round": (
            torch.stack([row.roll(len(row) - int(n), 0) for row, n in rows_of(x, lengths)])
        ),
    }


def rows_of(x: Tensor, lengths: Tensor) -> list[tuple[Tensor, int]]:
    return [(row, int(n)) for row, n in zip(x, lengths, strict=True)]


def wrong_ends(y: Tensor, lengths: Tensor) -> Suspects:
    mask = (torch.arange(y.shape[1]) < lengths.unsqueeze(1)).unsqueeze(2)
    hidden = y.masked_fill(~mask, -torch.inf)
    return {
        "This is the last step of the row; for shorter sequences that is padding": y[:, -1],
        "This is the step after the last valid one: steps count from 0, so it is lengths - 1": (
            at(y, lengths.clamp(max=y.shape[1] - 1))
        ),
        "This is the step before the last valid one": at(y, (lengths - 2).clamp(min=0)),
        "This is the step before the last valid one; for a length of 1 it wraps round": (
            at(y, lengths - 2)
        ),
        "This is the first step": y[:, 0],
        "This is the mean over all steps": y.mean(1),
        "This is the mean over the valid steps; the last of them is wanted": (
            (y * mask).sum(1) / lengths.unsqueeze(1)
        ),
        "This is the largest of the valid steps; the last of them is wanted": hidden.max(1).values,
        "This is the sum over the valid steps": (y * mask).sum(1),
        "All sequences are read at the length of the first": y[:, lengths[0] - 1],
        "All sequences are read at the longest length": y[:, lengths.max() - 1],
    }
