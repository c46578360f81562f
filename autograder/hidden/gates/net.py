"""Part 8, a net that reads: in order, no padding, and right about lines that it has never seen.

It is trained with the judge's lines. Where the student's own layers or `train_epoch` are wrong, it
is made once more over others that take the same arguments.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from autograder.checks import CheckFailure, Remote, Student, expect, expect_shape, expect_type
from autograder.hidden.gates import cell, gru, layer, training
from autograder.hidden.gates.lines import Lines, Source
from autograder.hidden.gates.suite import suite
from autograder.hidden.shared import laws
from autograder.hidden.shared.layers import Layer
from autograder.hidden.shared.lending import fails, lending

NET = "net-tests"
WANTED = 0.9  # of the judge's own lines
TRAINING_S = 20.0  # wall clock, where the reference takes 2 to 4 s

# A layer without any gate, for those whose own layers are wrong. It adds up what pairs say.
SLOW = '''
import torch


class NAME(torch.nn.Module):
    """Lent by the judge: not the NAME of this assignment. It has no gates."""

    def __init__(self, input_size, hidden_size, *options, **others):
        super().__init__()
        self.hidden_size = hidden_size
        self.half = hidden_size // 2
        self.enter = torch.nn.Linear(input_size, self.half)
        self.mix = torch.nn.Linear(2 * self.half, hidden_size - self.half)

    def initial_state(self, batch):
        zeros = self.enter.weight.new_zeros(batch, self.hidden_size)
        return NAMEState(*[zeros] * len(NAMEState._fields))

    def step(self, x, state):
        last, total = state.h[:, : self.half], state.h[:, self.half :]
        now = torch.sin(3 * self.enter(x))
        total = total + 0.2 * torch.relu(self.mix(torch.cat([now, last], dim=1)))
        h = torch.cat([now, total], dim=1)
        return h, NAMEState(*[h] * len(NAMEState._fields))

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for x_t in x.unbind(1):
            y, state = self.step(x_t, state)
            outputs.append(y)
        return torch.stack(outputs, dim=1), state
'''


# Another way round the loop, for those whose own does not learn.
BLOCKS = '''
import torch


def train_epoch(model, optimizer, x, lengths, labels, batch_size):
    """Lent by the judge: not the train_epoch of part 7."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    for x, lengths, labels in zip(x.split(50), lengths.split(50), labels.split(50)):
        scores = model(x, lengths)
        missed = scores.logsumexp(1) - (scores * torch.eye(2)[labels]).sum(1)
        for p, g in zip(parameters, torch.autograd.grad(missed.sum() / 50, parameters)):
            p.grad = g
        optimizer.step()
    return 0.0
'''
LENT = {
    "LSTM": SLOW.replace("NAME", "LSTM"),
    "GRU": SLOW.replace("NAME", "GRU"),
    "train_epoch": BLOCKS,
}


def to_lend(student: Student, rng: torch.Generator) -> list[str]:
    """The answers to earlier parts that may keep a net from learning."""
    if fails(student, rng, cell.whole):
        return list(LENT)
    wrong = []
    for name, description in (("LSTM", layer.LAYER), ("GRU", gru.AFTER)):

        def reads(student: Student, rng: torch.Generator, layer: Layer = description) -> None:
            laws.whole_sequence(student, rng, layer)

        if fails(student, rng, reads):
            wrong.append(name)
    if fails(student, rng, *training.OF_AN_EPOCH):
        wrong.append("train_epoch")
    return wrong


def classifier(student: Student, given: Lines) -> Remote:
    with student.time_limit(TRAINING_S):
        net: Remote = student.train_classifier(*given)
    expect_type(net, Remote, what="what train_classifier returns")
    return net


def logits(net: Remote, lines: Lines, x: Tensor | None = None) -> Tensor:
    with torch.no_grad():
        answer = net.eval()(lines.x if x is None else x, lines.lengths)
    shape = (len(lines.x), 2)
    expect_shape(answer, shape, what="what the net answers", hint="two logits for each line")
    assert isinstance(answer, Tensor)
    expect(bool(answer.isfinite().all()), "some logits are not finite")
    return answer.double()


def over_either(student: Student, rng: torch.Generator, examine: Callable[[], None]) -> None:
    """Examine with the student's own pieces, or with some that are lent where they are wrong."""
    try:
        examine()
    except CheckFailure:
        wrong = to_lend(student, rng) if student.alive else []
        if not wrong:
            raise
        with lending(student, {name: LENT[name] for name in wrong}):
            examine()


@suite.check(NET, points=0.5, title="what stands behind the end of a line changes nothing")
def padding_is_not_read(student: Student, rng: torch.Generator) -> None:
    source = Source(rng)
    few = source.learning(60)

    def examine() -> None:
        net, lines = classifier(student, few), source.testing(40)
        first = logits(net, lines)
        differ = bool((first - first[0]).abs().max() > 1e-6)
        expect(differ, "the net says the same about every line")
        same = torch.allclose(logits(net, lines, without_padding(lines)), first, rtol=0, atol=1e-4)
        expect(same, "what stands behind the end of a line changes the answer: is it read?")

    over_either(student, rng, examine)


@suite.check(NET, points=0.5, title="the order of letters counts")
def order_counts(student: Student, rng: torch.Generator) -> None:
    source = Source(rng)
    few = source.learning(60)

    def examine() -> None:
        net, lines = classifier(student, few), source.testing(40)
        turned = without_padding(lines)
        first = logits(net, lines, turned)
        again = torch.equal(logits(net, lines, turned), first)
        expect(again, "in evaluation mode the same lines get another answer each time")
        for row, n in zip(turned, lines.lengths, strict=True):
            row[:n] = row[:n].flip(0).clone()
        differ = (logits(net, lines, turned) - first).abs().amax(1) > 1e-6
        expect(
            bool(differ.double().mean() > 0.9),
            "turning a line round does not change the answer: does the order of letters count?",
        )

    over_either(student, rng, examine)


def without_padding(lines: Lines) -> Tensor:
    behind = torch.arange(lines.x.shape[1]) >= lines.lengths.unsqueeze(1)
    return lines.x.masked_fill(behind.unsqueeze(2), 0.0)


@suite.check(NET, points=1, title="90 % of lines that it has never seen")
def net_is_right(student: Student, rng: torch.Generator) -> None:
    source = Source(rng)
    learning, testing = source.learning(1500), source.testing(500)

    def right(net: Remote, lines: Lines) -> float:
        return float((logits(net, lines).argmax(1) == lines.labels).double().mean())

    def examine() -> None:
        net = classifier(student, learning)
        reached = right(net, testing)
        if reached >= WANTED:
            return
        own = right(net, Lines(*(part[:60] for part in learning)))
        much = (
            "hardly more than a coin would get" if reached < 0.7 else "more than a coin would get"
        )
        if own < 0.7:
            hint = "Nor does it know the lines it learnt from: does it learn, and long enough?"
        elif own > reached + 0.1:
            hint = "It knows those that it learnt from: it learnt them by heart"
        else:
            hint = "The same holds for those that it learnt from: train it for longer"
        words = f"of 500 lines that the net has not seen, {WANTED:.0%} should come out right"
        expect(False, f"{words}; it is {much}. {hint}")

    over_either(student, rng, examine)
