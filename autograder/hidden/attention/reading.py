"""Reading each sequence alone, from both ends, and what mistakes make of it.

What is right is a GRU of the judge that never sees padding.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from autograder.hidden.shared.layers import Weights
from autograder.hidden.shared.tools import Suspects, normal

INPUTS, HIDDEN, TIME = 3, 4, 7
LENGTHS = (4, 6, 1, 3)  # in no order, and none fills the row


def some(
    rng: torch.Generator, lengths: tuple[int, ...] = LENGTHS, time: int = TIME, inputs: int = INPUTS
) -> tuple[Tensor, Tensor]:
    """Sequences with large numbers for padding, and their lengths."""
    x, n = normal(rng, len(lengths), time, inputs), torch.tensor(lengths)
    return torch.where(within(n, time).unsqueeze(2), x, 30 * normal(rng, *x.shape)), n


def within(lengths: Tensor, longest: int) -> Tensor:
    return torch.tensor([[j < n for j in range(longest)] for n in lengths.tolist()])


def weights(rng: torch.Generator, inputs: int = INPUTS, hidden: int = HIDDEN) -> Weights:
    shapes = {
        "weight_ih_l0": (inputs,),
        "weight_hh_l0": (hidden,),
        "bias_ih_l0": (),
        "bias_hh_l0": (),
    }
    return {
        f"{name}{end}": 0.7 * normal(rng, 3 * hidden, *shape)
        for end in ("", "_reverse")
        for name, shape in shapes.items()
    }


def one_way(w: Weights, row: Tensor, end: str = "") -> Tensor:
    """All states of one direction that reads a row from its first token on."""
    inputs, hidden = w["weight_ih_l0"].shape[1], w["weight_hh_l0"].shape[1]
    gru = nn.GRU(inputs, hidden, batch_first=True).double()
    named = {name: w[f"{name}{end}"] for name in dict(gru.named_parameters())}
    states, _ = torch.func.functional_call(gru, named, (row.unsqueeze(0),))
    assert isinstance(states, Tensor)
    return states[0]


class Halves(NamedTuple):
    """The states of both directions at each token of a row, and when they have read it."""

    ahead: Tensor
    back: Tensor

    @property
    def memory(self) -> Tensor:
        return torch.cat([self.ahead, self.back], dim=1)

    @property
    def ends(self) -> Tensor:
        return torch.cat([self.ahead[-1], self.back[0]])


def halves(w: Weights, row: Tensor) -> Halves:
    return Halves(one_way(w, row), one_way(w, row.flip(0), "_reverse").flip(0))


def each_alone(w: Weights, x: Tensor, lengths: Tensor) -> list[Halves]:
    return [halves(w, row[:n]) for row, n in zip(x, lengths.tolist(), strict=True)]


def in_rows(states: list[Tensor], time: int) -> Tensor:
    rows = [torch.cat([s, s.new_zeros(time - len(s), s.shape[1])]) for s in states]
    return torch.stack(rows)


def memory_of(w: Weights, x: Tensor, lengths: Tensor) -> Tensor:
    return in_rows([each.memory for each in each_alone(w, x, lengths)], x.shape[1])


def summary_of(w: Weights, x: Tensor, lengths: Tensor) -> Tensor:
    return torch.stack([each.ends for each in each_alone(w, x, lengths)])


# --- typical mistakes -------------------------------------------------------------------------


def wrong_masks(lengths: Tensor, longest: int) -> Suspects:
    wanted = within(lengths, longest)
    return {
        "The mask looks turned round: True at tokens, False at padding": ~wanted,
        "There is one True too many in each row: places count from 0": within(lengths + 1, longest),
        "There is one True too few in each row": within(lengths - 1, longest),
        "The padding stands behind the tokens, not before them": wanted.flip(1),
        "Only the last token is marked": wanted & ~within(lengths - 1, longest),
    }


def wrong_memories(w: Weights, x: Tensor, lengths: Tensor) -> Suspects:
    read, time = each_alone(w, x, lengths), x.shape[1]
    whole = each_alone(w, x, torch.full_like(lengths, time))
    order = lengths.argsort(descending=True, stable=True)
    longest = each_alone(w, x, torch.full_like(lengths, int(lengths.max())))

    def valid(some: list[Halves]) -> list[Tensor]:
        return [each.memory[:n] for each, n in zip(some, lengths.tolist(), strict=True)]

    return {
        "The direction back begins with the padding: it should begin with the last token": (
            in_rows(valid(whole), time)
        ),
        "All sequences are read up to the length of the longest": in_rows(valid(longest), time),
        "The sequences come back in the order of their lengths, not in that of x": (
            in_rows([each.memory for each in read], time)[order]
        ),
        "Both halves are exchanged: the direction ahead comes first": (
            in_rows([torch.cat([each.back, each.ahead], 1) for each in read], time)
        ),
        "The states of the direction back are in the order in which it read": (
            in_rows([torch.cat([each.ahead, each.back.flip(0)], 1) for each in read], time)
        ),
    }


def wrong_summaries(w: Weights, x: Tensor, lengths: Tensor) -> Suspects:
    read, order = each_alone(w, x, lengths), lengths.argsort(descending=True, stable=True)
    whole = each_alone(w, x, torch.full_like(lengths, x.shape[1]))
    memory, right = memory_of(w, x, lengths), summary_of(w, x, lengths)
    by_direction = torch.stack([torch.stack([e.ahead[-1], e.back[0]]) for e in read], dim=1)
    last = [torch.cat([e.ahead[-1], e.back[-1]]) for e in read]
    return {
        "This is the memory at the last token: there the direction back has read one token": (
            torch.stack(last)
        ),
        "This is the memory at the first token: there the direction ahead has read one token": (
            memory[:, 0]
        ),
        "This is the memory at the end of the row, which is padding": memory[:, -1],
        "Padding is read before the states are taken": torch.stack([e.ends for e in whole]),
        "Both halves are exchanged: the direction ahead comes first": right.roll(HIDDEN, 1),
        "The states come in the order of the lengths, not in that of x": right[order],
        "The last states are (2, batch, hidden): a reshape cannot put them side by side, "
        "torch.cat can": by_direction.reshape(right.shape),
        "This is the mean of the states; each direction's last one is wanted": (
            torch.stack([e.memory.mean(0) for e in read])
        ),
        "This is the sum of the states; each direction's last one is wanted": memory.sum(1),
        "Both halves are the direction ahead": torch.cat([right[:, :HIDDEN]] * 2, 1),
        "Both halves are the direction back": torch.cat([right[:, HIDDEN:]] * 2, 1),
    }
