"""Part 6, both ends of a sequence: turning round, the last valid step, two directions, a stack.

The layers inside are the judge's: no answer to an earlier part is needed. Where the student's own
`reverse` and `last_valid` are wrong, the class is tried over others that take the same arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor

from autograder.checks import CheckFailure, Remote, Student, expect, expect_shape
from autograder.hidden.gates.suite import suite
from autograder.hidden.shared.asking import expect_form
from autograder.hidden.shared.gradients import expect_gradients
from autograder.hidden.shared.layers import Weights
from autograder.hidden.shared.tools import DOUBLE, SINGLE, Suspects, expect_value, normal, untouched

BOTH = "bidirectional-tests"
LENGTHS = (4, 6, 1, 5)
TIME, INPUTS, HIDDEN = 7, 3, 5
Turn = Callable[[Tensor, Tensor], Tensor]


# --- the two helpers --------------------------------------------------------------------------


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
    by_one = [torch.cat([row[: n - 1].flip(0), row[n - 1 :]]) for row, n in _rows(x, lengths)]
    beyond = [torch.cat([row[: n + 1].flip(0), row[n + 1 :]]) for row, n in _rows(x, lengths)]
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
            torch.stack([torch.cat([r[:n].flip(0), r[n:].flip(0)]) for r, n in _rows(x, lengths)])
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
            torch.stack([row.roll(len(row) - int(n), 0) for row, n in _rows(x, lengths)])
        ),
    }


def _rows(x: Tensor, lengths: Tensor) -> list[tuple[Tensor, int]]:
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
        "All sequences are read at the shortest length": y[:, lengths.min() - 1],
    }


def some(rng: torch.Generator, batch_of: tuple[int, ...] = LENGTHS) -> tuple[Tensor, Tensor]:
    """Sequences with large numbers for padding, and their lengths."""
    x = normal(rng, len(batch_of), TIME, INPUTS)
    lengths = torch.tensor(batch_of)
    noise = 30 * normal(rng, *x.shape)
    behind = torch.arange(TIME) >= lengths.unsqueeze(1)
    return torch.where(behind.unsqueeze(2), noise, x), lengths


def expect_helper(
    student: Student, rng: torch.Generator, name: str, right: Turn, wrong: Any, hint: str
) -> None:
    for lengths in (LENGTHS, (1, 1, 2), (TIME, TIME), (5,)):
        x, n = some(rng, lengths)
        for dtype in (DOUBLE, torch.float32):
            found = getattr(student, name)(x.to(dtype), n)
            untouched(student, name)
            wanted = right(x, n).to(dtype)
            expect_form(found, wanted, f"{name}, for lengths {list(lengths)}")
            suspects = {words: value.to(dtype) for words, value in wrong(x, n).items()}
            what = f"{name}, for lengths {list(lengths)}"
            expect_value(found, wanted, suspects, hint, what=what)


@suite.check(BOTH, points=0.5, title="reverse: each sequence within its own length")
def turning(student: Student, rng: torch.Generator) -> None:
    hint = "Token t of a sequence of n tokens goes to place n - 1 - t; padding stays"
    expect_helper(student, rng, "reverse", turned, wrong_turns, hint)


@suite.check(BOTH, points=0.5, title="last_valid: the last step that is not padding")
def end_of_each(student: Student, rng: torch.Generator) -> None:
    hint = "For sequence b it is y[b, lengths[b] - 1]"
    expect_helper(student, rng, "last_valid", at_end, wrong_ends, hint)


# --- the judge's layers -----------------------------------------------------------------------

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


def leaky(weight: Tensor, keep: float, x: Tensor) -> Tensor:
    s, outputs = x.new_zeros(len(x), len(weight)), []
    for x_t in x.unbind(1):
        s = keep * s + x_t @ weight.T + 0.5
        outputs.append(torch.cos(s))
    return torch.stack(outputs, dim=1)


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
    for row, n in _rows(x, lengths):
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


def pair_of_layers(
    student: Student, rng: torch.Generator, inputs: int = INPUTS, hidden: int = HIDDEN
) -> tuple[Remote, Weights]:
    """The student's Bidirectional over two layers of ours, and its weights."""
    leaky_layer = student.Leaky
    both = student.Bidirectional(*(leaky_layer(inputs, hidden, keep) for keep in KEEP))
    expect(isinstance(both, Remote), "Bidirectional(ahead, back) should make a layer")
    keys = ("ahead.weight", "back.weight")
    weights = {key: normal(rng, hidden, inputs) for key in keys}
    state = both.double().state_dict()
    expect(
        set(keys) <= set(state),
        "Bidirectional should hold its layers as self.ahead and self.back, as the given "
        "constructor does",
    )
    both.load_state_dict({**state, **weights})
    return both, weights


def helpers_are_wrong(student: Student, rng: torch.Generator) -> bool:
    for check in (turning, end_of_each):
        try:
            check(student, rng)
        except CheckFailure:
            return True
    return False


def over_either(
    student: Student, rng: torch.Generator, examine: Callable[[Turn, Turn, bool], None]
) -> None:
    """Examine over the student's own helpers, or over those lent where they are wrong."""
    with student.lent("Leaky", LEAKY):
        try:
            examine(turned, at_end, True)
        except CheckFailure:
            if not student.alive or not helpers_are_wrong(student, rng):
                raise
            with ExitStack() as stack:
                stack.enter_context(student.lent("reverse", NEIGHBOURS))
                stack.enter_context(student.lent("last_valid", MIDDLE))
                examine(neighbours, in_the_middle, False)


def valid(y: Tensor, lengths: Tensor) -> Tensor:
    """What stands within the lengths, one row after the other."""
    return torch.cat([row[:n] for row, n in _rows(y, lengths)])


@suite.check(BOTH, points=1, title="two directions: at place t both speak of token t")
def two_directions(student: Student, rng: torch.Generator) -> None:
    def examine(turn: Turn, end: Turn, own: bool) -> None:
        for batch_of, dtype in ((LENGTHS, DOUBLE), ((TIME, TIME), torch.float32)):
            both, weights = pair_of_layers(student, rng)
            x, n = some(rng, batch_of)
            given = () if batch_of == (TIME, TIME) else (n,)
            answer = both.to(dtype)(x.to(dtype), **{"lengths": each for each in given})
            untouched(student, "Bidirectional.forward")
            expect(
                isinstance(answer, tuple) and len(answer) == 2,
                "Bidirectional.forward should return a pair: outputs and BidirectionalState",
            )
            y = answer[0]
            wanted = outputs(weights, x, n, turn)
            expect_shape(y, wanted.shape, what="the outputs of Bidirectional")
            suspects = wrong_outputs(weights, x, n) if own else {}
            usable = {k: valid(v, n) for k, v in suspects.items() if v.shape[:2] == y.shape[:2]}
            hint = "At place t stand ahead(x(1) .. x(t)) and back(x(T) .. x(t))"
            what, atol = "the outputs of Bidirectional", SINGLE if given == () else 1e-10
            found = valid(y.double(), n)
            expect_value(found, valid(wanted, n), usable, hint, what=what, atol=atol)

    over_either(student, rng, examine)


@suite.check(BOTH, points=1, title="the summary: each direction when it has read everything")
def summaries(student: Student, rng: torch.Generator) -> None:
    def examine(turn: Turn, end: Turn, own: bool) -> None:
        for batch_of in (LENGTHS, (TIME, TIME, TIME), (1,)):
            both, weights = pair_of_layers(student, rng)
            x, n = some(rng, batch_of)
            found = both.summary(x, n)
            untouched(student, "Bidirectional.summary")
            wanted = summary(weights, x, n, turn, end)
            suspects = wrong_summaries(weights, x, n) if own else {}
            hint = "ahead at the last valid step, back at the step in which it read the first token"
            what = f"the summary for lengths {list(batch_of)}"
            expect_value(found, wanted, suspects, hint, what=what)

    over_either(student, rng, examine)


@suite.check(BOTH, points=0.5, title="padding changes nothing: other numbers, more of it, gradients")
def padding(student: Student, rng: torch.Generator) -> None:
    def examine(turn: Turn, end: Turn, own: bool) -> None:
        both, weights = pair_of_layers(student, rng)
        x, n = some(rng)
        more = torch.cat([x, 30 * normal(rng, len(x), 4, INPUTS)], dim=1)
        for words, padded in (("other padding", zeroed(x, n)), ("more padding", more)):
            first, second = (both(each, lengths=n)[0] for each in (x, padded))
            for each, rows in ((first, x), (second, padded)):
                shape = (*rows.shape[:2], 2 * HIDDEN)
                expect_shape(each, shape, what="the outputs of Bidirectional")
            same = torch.allclose(valid(first, n), valid(second, n), rtol=0, atol=1e-10)
            hint = "does a layer read padding before it reads the sequence?"
            expect(same, f"with {words} the outputs at valid places change: {hint}")
            ends = [both.summary(each, n) for each in (x, padded)]
            for each in ends:
                expect_shape(each, (len(x), 2 * HIDDEN), what="the summary")
            same = torch.allclose(*ends, rtol=0, atol=1e-10)
            expect(same, f"with {words} the summary changes: does it read padding?")
        apart = both.summary(x, n)
        differ = not torch.allclose(apart[0], apart[1], atol=1e-6)
        expect(differ, "the summaries of different sequences are the same")

    over_either(student, rng, examine)


@suite.check(BOTH, points=0.5, title="gradients reach all valid tokens and both layers")
def both_gradients(student: Student, rng: torch.Generator) -> None:
    def examine(turn: Turn, end: Turn, own: bool) -> None:
        both, weights = pair_of_layers(student, rng)
        x, n = some(rng)

        def answers(y: Any, read: Any) -> dict[str, Any]:
            return {"the valid outputs": valid(y, n), "the summary": read}

        def theirs(given: dict[str, Tensor]) -> dict[str, Any]:
            y, read = both(given["x"], lengths=n)[0], both.summary(given["x"], n)
            expect_shape(y, (len(x), TIME, 2 * HIDDEN), what="the outputs of Bidirectional")
            expect_shape(read, (len(x), 2 * HIDDEN), what="the summary")
            return answers(y, read)

        # A mistake about the numbers has cost its points.
        with torch.no_grad():
            found = theirs({"x": x})
        right = answers(outputs(weights, x, n, turn), summary(weights, x, n, turn, end))
        for words, wanted in right.items():
            if not torch.allclose(found[words], wanted, atol=1e-8):
                known = wrong_outputs(weights, x, n), wrong_summaries(weights, x, n)
                values = [valid(v, n) for v in known[0].values() if v.shape[:2] == x.shape[:2]]
                values += list(known[1].values())
                like = [v for v in values if v.shape == found[words].shape]
                if any(torch.allclose(found[words], v, atol=1e-8) for v in like):
                    return
        expect_gradients(
            "Bidirectional",
            rng,
            {"x": x},
            weights,
            theirs,
            lambda given, w: answers(
                outputs(w, given["x"], n, turn), summary(w, given["x"], n, turn, end)
            ),
            lambda: {key: both.grads().get(key) for key in weights},
        )

    over_either(student, rng, examine)


# --- the stack --------------------------------------------------------------------------------

PAIR = '''
import torch


class Pair(torch.nn.Module):
    """Lent by the judge: takes lengths and has a summary, and is not bidirectional."""

    def __init__(self, features, width):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.rand(width, features))

    def forward(self, x, state=None, lengths=None):
        if lengths is None:
            lengths = torch.full((len(x),), x.shape[1])
        y = torch.sin(x @ self.weight.T) + lengths.to(x.dtype).view(-1, 1, 1) / 3
        return y, ()

    def summary(self, x, lengths):
        return torch.sin(x @ self.weight.T).mean(1) * lengths.to(x.dtype).view(-1, 1)
'''


def pair_outputs(weight: Tensor, x: Tensor, n: Tensor) -> Tensor:
    return torch.sin(x @ weight.T) + n.to(x.dtype).view(-1, 1, 1) / 3


def pair_summary(weight: Tensor, x: Tensor, n: Tensor) -> Tensor:
    return torch.sin(x @ weight.T).mean(1) * n.to(x.dtype).view(-1, 1)


@suite.check(BOTH, points=1, title="a stack: each layer reads the one below and knows the lengths")
def stacked(student: Student, rng: torch.Generator) -> None:
    with student.lent("Pair", PAIR):
        for depth in (3, 1, 2):
            layers = [student.Pair(4, 4) for _ in range(depth)]
            weights = [normal(rng, 4, 4) for _ in layers]
            stack = student.BidirectionalStack(layers)
            expect(isinstance(stack, Remote), "BidirectionalStack(layers) should make a module")
            for layer, weight in zip(layers, weights, strict=True):
                layer.double().load_state_dict({"weight": weight})
            expect(
                len(stack.state_dict()) == depth,
                "the layers are not part of the module: keep them in an nn.ModuleList",
            )
            x, n = normal(rng, 3, 5, 4), torch.tensor([5, 2, 3])
            full = torch.full_like(n, 5)
            values, deaf = [x], [x]
            for weight in weights:
                values.append(pair_outputs(weight, values[-1], n))
                deaf.append(pair_outputs(weight, deaf[-1], full))
            below = deaf[:-1] if depth == 1 else deaf
            suspects = {
                "The layers are not told the lengths": deaf[-1],
                "Each layer reads x; it should read what the layer below puts out": (
                    pair_outputs(weights[-1], x, n)
                ),
                "This is what the layer at the bottom puts out": values[1],
                "The layers come in the reverse order": _in_turn(weights[::-1], x, n),
                "The top layer is left out": values[-2],
                "The layers are added up": sum(values[1:], 0 * x),
                "There is a connection around each layer": _residual(weights, x, n),
                "Only the top layer is told the lengths": (
                    pair_outputs(weights[-1], below[depth - 1], n)
                ),
            }
            what = f"a stack of {depth}"
            hint = "y_0 = x, and y_k is what layer k puts out for y_{k-1}"
            expect_value(stack(x, n), values[-1], suspects, hint, what=what)
            untouched(student, "BidirectionalStack.forward")
            suspects = {
                "The layers below the top are not told the lengths": (
                    pair_summary(weights[-1], below[depth - 1], n)
                ),
                "The summary of the top layer is that of its own outputs: it reads what the layer "
                "below puts out": pair_summary(weights[-1], values[-1], n),
                "The summary is that of the layer at the bottom": pair_summary(weights[0], x, n),
                "The top layer reads x; it should read what the layer below puts out": (
                    pair_summary(weights[-1], x, n)
                ),
                "This is the last valid step of the outputs; the top layer has a summary": (
                    at_end(values[-1], n)
                ),
                "This is the last step of the outputs; the top layer has a summary": (
                    values[-1][:, -1]
                ),
            }
            hint = "ask the top layer for its summary of what the layers below put out"
            what = f"the summary of a stack of {depth}"
            expect_value(
                stack.summary(x, n), pair_summary(weights[-1], values[-2], n), suspects, hint,
                what=what,
            )


def _in_turn(weights: list[Tensor], x: Tensor, n: Tensor) -> Tensor:
    for weight in weights:
        x = pair_outputs(weight, x, n)
    return x


def _residual(weights: list[Tensor], x: Tensor, n: Tensor) -> Tensor:
    for weight in weights:
        x = x + pair_outputs(weight, x, n)
    return x
