"""Two layers of the judge's that read a sequence from both ends, as it should be and otherwise."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from autograder.hidden.gates.ends import at, at_end, padding_first, rows_of, turned, zeroed
from autograder.hidden.shared.layers import Weights
from autograder.hidden.shared.tools import Suspects

Turn = Callable[[Tensor, Tensor], Tensor]


LEAKY = '''
import torch


class Leaky(torch.nn.Module):
    """Lent by the judge: a layer that adds up what it reads, and forgets a fixed share of it."""

    def __init__(self, features, width, keep):
        super().__init__()
        self.width, self.keep = width, keep
        self.weight = torch.nn.Parameter(torch.rand(width, features))

    def initial_state(self, batch):
        return (self.weight.new_zeros(batch, self.width),)

    def step(self, x, state):
        s = self.keep * state[0] + x @ self.weight.T + 0.5
        return torch.cos(s), (s,)

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for x_t in x.unbind(1):
            y, state = self.step(x_t, state)
            outputs.append(y)
        return torch.stack(outputs, dim=1), state
'''
KEEP = (0.8, 0.6)  # ahead, back


def leaky_states(weight: Tensor, keep: float, x: Tensor) -> Tensor:
    s, sums = x.new_zeros(len(x), len(weight)), []
    for x_t in x.unbind(1):
        s = keep * s + x_t @ weight.T + 0.5
        sums.append(s)
    return torch.stack(sums, dim=1)


def leaky(weight: Tensor, keep: float, x: Tensor) -> Tensor:
    return torch.cos(leaky_states(weight, keep, x))


# Helpers with the same arguments that do something else, for those whose own are wrong.
NEIGHBOURS = '''
def reverse(x, lengths):
    """Lent by the judge: not the reverse of part 6. Neighbours change places."""
    rows = []
    for row, n in zip(x, lengths.tolist()):
        order = [t ^ 1 if (t ^ 1) < n else t for t in range(len(row))]
        rows.append(row[[t if t >= n else o for t, o in enumerate(order)]])
    import torch
    return torch.stack(rows)
'''
MIDDLE = '''
def last_valid(y, lengths):
    """Lent by the judge: not the last_valid of part 6. A step from the middle."""
    import torch
    return torch.stack([row[n // 2] for row, n in zip(y, lengths.tolist())])
'''


def neighbours(x: Tensor, lengths: Tensor) -> Tensor:
    rows = []
    for row, n in rows_of(x, lengths):
        order = [t ^ 1 if t < n and (t ^ 1) < n else t for t in range(len(row))]
        rows.append(row[order])
    return torch.stack(rows)


def in_the_middle(y: Tensor, lengths: Tensor) -> Tensor:
    return at(y, lengths // 2)


# --- what two directions say ------------------------------------------------------------------


def directions(w: Weights, x: Tensor, n: Tensor, turn: Turn) -> tuple[Tensor, Tensor]:
    """Outputs of the layer ahead, and of the one that reads back in the order it read."""
    ahead = leaky(w["ahead.weight"], KEEP[0], x)
    return ahead, leaky(w["back.weight"], KEEP[1], turn(x, n))


def outputs(w: Weights, x: Tensor, n: Tensor, turn: Turn = turned) -> Tensor:
    ahead, back = directions(w, x, n, turn)
    return torch.cat([ahead, turn(back, n)], dim=2)


def summary(w: Weights, x: Tensor, n: Tensor, turn: Turn = turned, end: Turn = at_end) -> Tensor:
    ahead, back = directions(w, x, n, turn)
    return torch.cat([end(ahead, n), end(back, n)], dim=1)


def wrong_outputs(w: Weights, x: Tensor, n: Tensor) -> Suspects:
    ahead, back = directions(w, x, n, turned)
    own = leaky(w["ahead.weight"], KEEP[0], turned(x, n))
    return {
        "The outputs of the layer that reads back are not turned round again: at place t should "
        "stand what it says about token t": torch.cat([ahead, back], dim=2),
        "The layer that reads back begins with padding: rows are turned round as a whole": (
            outputs(w, x, n, padding_first)
        ),
        "The outputs of the layer that reads back are turned round with the padding": (
            torch.cat([ahead, back.flip(1)], dim=2)
        ),
        "Both halves come from the layer ahead": torch.cat([ahead, turned(own, n)], dim=2),
        "The layer that reads back reads ahead": (
            torch.cat([ahead, leaky(w["back.weight"], KEEP[1], x)], dim=2)
        ),
        "The halves are in the wrong order: ahead comes first": (
            torch.cat([turned(back, n), ahead], dim=2)
        ),
        "The two directions are added; they stand side by side": ahead + turned(back, n),
        "The layer ahead reads what is turned round, and the other what is not": (
            torch.cat([turned(own, n), leaky(w["back.weight"], KEEP[1], x)], dim=2)
        ),
        "The layer that reads back reads the outputs of the layer ahead": torch.cat(
            [ahead, turned(leaky(w["back.weight"], KEEP[1], turned(ahead, n)), n)], dim=2
        )
        if w["back.weight"].shape[1] == ahead.shape[2]
        else ahead[:0],
    }


def wrong_summaries(w: Weights, x: Tensor, n: Tensor) -> Suspects:
    ahead, back = directions(w, x, n, turned)
    y = outputs(w, x, n)
    _, whole = directions(w, x, n, padding_first)
    return {
        "Both halves are read at the last valid step, where the layer that reads back has seen "
        "one token only": at_end(y, n),
        "Both halves are read at the first step, where the layer ahead has seen one token only": (
            y[:, 0]
        ),
        "Both halves are read at the end of the row; for shorter sequences that is padding": (
            torch.cat([ahead[:, -1], back[:, -1]], dim=1)
        ),
        "The layer ahead is read at the end of the row; for shorter sequences that is padding": (
            torch.cat([ahead[:, -1], at_end(back, n)], dim=1)
        ),
        "The layer that reads back is read at the end of the row, behind the first token": (
            torch.cat([at_end(ahead, n), back[:, -1]], dim=1)
        ),
        "The layer that reads back begins with padding": (
            torch.cat([at_end(ahead, n), whole[:, -1]], dim=1)
        ),
        "The halves are in the wrong order: ahead comes first": (
            torch.cat([at_end(back, n), at_end(ahead, n)], dim=1)
        ),
        "The two directions are added; they stand side by side": at_end(ahead, n) + at_end(back, n),
        "The layer ahead is missing": at_end(back, n),
        "The layer that reads back is missing": at_end(ahead, n),
        "This is the mean over the valid steps": zeroed(y, n).sum(1) / n.unsqueeze(1),
    }
