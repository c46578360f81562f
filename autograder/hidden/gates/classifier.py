"""Part 7, a classifier: one epoch, its batches and its loss, the accuracy, and a net that reads."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor

from autograder.checks import CheckFailure, Remote, Student, expect, expect_shape, expect_type
from autograder.hidden.gates import cell, gru, layer
from autograder.hidden.gates.epochs import (
    OF_A_STEP,
    OF_BATCHES,
    RATE,
    RECORDER,
    RIGHT,
    Task,
    Training,
)
from autograder.hidden.gates.lines import Lines, Source
from autograder.hidden.gates.suite import suite
from autograder.hidden.shared import laws
from autograder.hidden.shared.asking import numbers
from autograder.hidden.shared.tools import close, expect_value, normal, untouched

CLASSIFIER = "classifier-tests"
COUNT, TIME, FEATURES, CLASSES = 11, 5, 4, 3
WANTED = 0.9  # of the judge's own lines
TRAINING_S = 40.0  # wall clock, where the reference takes 2 to 4 s


# --- one epoch --------------------------------------------------------------------------------


def some_task(rng: torch.Generator) -> Task:
    x = normal(rng, COUNT, TIME, FEATURES)
    lengths = torch.randint(1, TIME + 1, (COUNT,), generator=rng)
    labels = torch.randint(CLASSES, (COUNT,), generator=rng)
    return Task(normal(rng, CLASSES, FEATURES), x, lengths, labels)


class Trained:
    """What came of an epoch, or of several, with the model that keeps a record."""

    def __init__(self, student: Student, task: Task, batch_size: int, epochs: int = 1) -> None:
        with student.lent("recorder", RECORDER):
            model, optimizer = student.recorder(FEATURES, CLASSES, RATE)
            model.load_state_dict({"weight": task.weight})
            data = task.x, task.lengths, task.labels
            self.answers = []
            self.batches: list[list[Tensor]] = []
            for _ in range(epochs):
                before = len(model.seen)
                answer = student.train_epoch(model, optimizer, *data, batch_size)
                untouched(student, "train_epoch")
                self.answers.append(answer)
                seen = model.seen[before:]
                self.batches.append([_places(task, each) for each in seen])
            self.weight = model.state_dict()["weight"]
        expect(bool(self.batches[0]), "train_epoch never asked the model")

    def of(self, task: Task, training: Training) -> Tensor:
        return training.epoch(task, self.batches[0]).weight


def _places(task: Task, seen: Tensor) -> Tensor:
    """Which sequences these are, by their first number."""
    same = seen.view(-1, 1) == task.x[:, 0, 0].view(1, -1)
    expect(bool(same.any(1).all()), "the model was asked about tokens that are not in x")
    return same.double().argmax(1)


def expect_weights(
    trained: Trained,
    task: Task,
    suspects: Mapping[str, Training],
    others: Mapping[str, Training],
    hint: str,
) -> None:
    """Fail unless the weights are right after an epoch, or wrong by one of the other mistakes."""
    if any(close(trained.weight, trained.of(task, each), 1e-8) for each in others.values()):
        return
    wrong = {words: trained.of(task, each) for words, each in suspects.items()}
    what = "what the model's weights are after an epoch"
    expect_value(trained.weight, trained.of(task, RIGHT), wrong, hint, what=what)


@suite.check(CLASSIFIER, points=1, title="one batch: a step down the mean cross-entropy")
def one_batch(student: Student, rng: torch.Generator) -> None:
    task = some_task(rng)
    hint = "one batch holds all: loss, zero_grad, backward, step, once"
    trained = Trained(student, task, COUNT + 3)
    expect(len(trained.batches[0]) == 1, "batch_size is larger than the data: one batch is wanted")
    expect_weights(trained, task, OF_A_STEP, {}, hint)


@suite.check(CLASSIFIER, points=0.5, title="several batches: a fresh gradient and a step for each")
def each_batch(student: Student, rng: torch.Generator) -> None:
    task = some_task(rng)
    trained = Trained(student, task, 4)
    if len(trained.batches[0]) < 2:
        return  # which `batches` looks at
    hint = "for each batch: loss, zero_grad, backward, step"
    expect_weights(trained, task, OF_BATCHES, OF_A_STEP, hint)


@suite.check(CLASSIFIER, points=0.5, title="each sequence once, in a new order, the last batch too")
def batches(student: Student, rng: torch.Generator) -> None:
    task = some_task(rng)
    trained = Trained(student, task, 4, epochs=2)
    for found in trained.batches:
        sizes, order = [len(batch) for batch in found], torch.cat(found)
        counts = torch.bincount(order, minlength=COUNT)
        expect(
            sum(sizes) >= COUNT or bool((counts > 1).any()) or sizes != [4, 4],
            "the last batch, which is smaller, is left out",
        )
        expect(
            bool((counts == 1).all()),
            "some sequences are read more than once in an epoch and others never: "
            "batches should be cut from one permutation",
        )
        expect(sizes == [4, 4, 3], f"11 sequences in batches of 4 came as {sizes}, not 4, 4, 3")
    first, second = (torch.cat(found) for found in trained.batches)
    in_order = torch.equal(first, torch.arange(COUNT))
    expect(not in_order, "the sequences come in the order in which they are given; shuffle them")
    expect(
        not torch.equal(first, second),
        "two epochs have the same order: draw a new one each time, and set no seed inside",
    )
    expect(not torch.equal(trained.weight, task.weight), "nothing was learnt")


@suite.check(CLASSIFIER, points=0.5, title="the mean loss over all sequences is returned")
def mean_loss(student: Student, rng: torch.Generator) -> None:
    task = some_task(rng)
    trained = Trained(student, task, 4)
    answer = trained.answers[0]
    expect_type(answer, float, what="what train_epoch returns")
    found = numbers(answer)
    kinds = {**OF_A_STEP, **OF_BATCHES}
    habits = [
        each for each in kinds.values() if close(trained.weight, trained.of(task, each), 1e-8)
    ]
    epoch = (habits[0] if habits else RIGHT).epoch(task, trained.batches[0])
    suspects = {
        "This is the mean over the batches; the last batch is smaller and counts less": (
            epoch.losses.mean()
        ),
        "This is the loss of the last batch": epoch.losses[-1],
        "This is the loss of the first batch": epoch.losses[0],
        "This is the sum over the batches": epoch.losses.sum(),
        "This is the sum over all sequences": (epoch.losses * epoch.sizes).sum(),
        "This is the sum over the batches, divided by the number of sequences": (
            epoch.losses.sum() / epoch.sizes.sum()
        ),
    }
    hint = "Add up each batch's loss times its size, and divide by the number of sequences"
    wanted = epoch.losses.sum() / epoch.sizes.sum() if _summed(habits) else epoch.mean
    expect_value(found, wanted, {k: v for k, v in suspects.items() if v != wanted}, hint)


def _summed(habits: list[Training]) -> bool:
    return any(each is training for each in habits for w, training in OF_A_STEP.items() if "sum" in w)


# --- accuracy ---------------------------------------------------------------------------------

# Its logits are the first tokens themselves, and in training mode their negatives.
MOODY = '''
import torch


class Moody(torch.nn.Module):
    """Lent by the judge: says what stands in the first token, and the opposite while training."""

    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(()))
        self.asked = []

    def forward(self, x, lengths):
        self.asked.append((self.training, torch.is_grad_enabled()))
        logits = x[:, 0] * self.scale
        return -logits if self.training else logits
'''


def asked_lines(rng: torch.Generator, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Sequences, lengths and labels; about half of the labels are right."""
    x = normal(rng, count, TIME, CLASSES)
    right, other = x[:, 0].argmax(1), torch.randint(CLASSES, (count,), generator=rng)
    lengths = torch.randint(1, TIME + 1, (count,), generator=rng)
    return x, lengths, torch.where(torch.rand(count, generator=rng) < 0.4, right, other)


@suite.check(CLASSIFIER, points=0.5, title="accuracy: the share of right answers")
def share(student: Student, rng: torch.Generator) -> None:
    with student.lent("Moody", MOODY):
        for count in (83, 1):
            x, lengths, labels = asked_lines(rng, count)
            model = student.Moody().double().eval()
            found = student.accuracy(model, x, lengths, labels)
            expect_type(found, float, what="what accuracy returns")
            logits = x[:, 0]
            right = (logits.argmax(1) == labels).double().mean()
            suspects = {
                "This is the number of right answers; the share is wanted": right * count,
                "This is in per cent; the share is wanted": 100 * right,
                "This is the share of wrong answers": 1 - right,
                "The smallest logit is taken; it should be the largest": (
                    (logits.argmin(1) == labels).double().mean()
                ),
            }
            if count > 1:  # a 0 or 1 says little
                by_sequence = logits.argmax(0)
                suspects["The largest logit of each class over the batch is taken"] = (
                    (by_sequence.repeat(count)[:count] == labels).double().mean()
                )
            hint = "The answer is the class with the largest logit, argmax over axis 1"
            expect_value(numbers(found), right, suspects if count > 1 else {}, hint)


@suite.check(CLASSIFIER, points=0.5, title="accuracy: asked in evaluation mode, and left as it was")
def moods(student: Student, rng: torch.Generator) -> None:
    x, lengths, labels = asked_lines(rng, 60)
    with student.lent("Moody", MOODY):
        for training in (True, False):
            model = student.Moody().double().train(training)
            found = student.accuracy(model, x, lengths, labels)
            untouched(student, "accuracy")
            asked = model.asked
            expect(bool(asked), "accuracy did not ask the model")
            expect(
                not any(mode for mode, _ in asked),
                "the model was in training mode when it was asked: model.eval() comes first",
            )
            expect(
                not any(graph for _, graph in asked),
                "a graph was built for a backward pass that nobody needs: use torch.no_grad()",
            )
            expect(
                model.training is training,
                f"the model was {'' if training else 'not '}in training mode before, and is "
                f"{'not ' if training else ''}afterwards: put it back as it was",
            )
            expect_type(found, float, what="what accuracy returns")
            expect(found > 0, "no answer is right, and some are")


# --- a net that reads -------------------------------------------------------------------------

# A layer without any gate, for those whose own layers are wrong.
SLOW = '''
import torch


class NAME(torch.nn.Module):
    """Lent by the judge: not the NAME of this assignment. It has no gates."""

    def __init__(self, input_size, hidden_size, *options, **others):
        super().__init__()
        self.hidden_size = hidden_size
        self.enter = torch.nn.Linear(input_size, hidden_size)
        self.mix = torch.nn.Linear(hidden_size, hidden_size)

    def initial_state(self, batch):
        zeros = self.mix.weight.new_zeros(batch, self.hidden_size)
        return NAMEState(*[zeros] * len(NAMEState._fields))

    def step(self, x, state):
        h = 0.5 * state.h + torch.sin(self.enter(x) + self.mix(state.h))
        return h, NAMEState(*[h] * len(NAMEState._fields))

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for x_t in x.unbind(1):
            y, state = self.step(x_t, state)
            outputs.append(y)
        return torch.stack(outputs, dim=1), state
'''


def layers_are_wrong(student: Student, rng: torch.Generator) -> bool:
    """Whether an answer to an earlier part keeps the classifier from learning."""
    try:
        cell.whole(student, rng)
        laws.whole_sequence(student, rng, layer.LAYER)
        laws.whole_sequence(student, rng, gru.AFTER)
    except CheckFailure:
        return True
    return False


def classifier(student: Student, given: Lines) -> Remote:
    with student.time_limit(TRAINING_S):
        net: Any = student.train_classifier(*given)
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


def over_either(student: Student, rng: torch.Generator, examine: Any) -> None:
    """Examine with the student's own layers, or with one lent where they are wrong."""
    try:
        examine()
    except CheckFailure:
        if not student.alive or not layers_are_wrong(student, rng):
            raise
        with ExitStack() as stack:
            for name in ("LSTM", "GRU"):
                stack.enter_context(student.lent(name, SLOW.replace("NAME", name)))
            examine()


@suite.check(CLASSIFIER, points=0.5, title="the net reads lines in order, and no padding")
def net_reads(student: Student, rng: torch.Generator) -> None:
    source = Source(rng)
    few = source.learning(60)

    def examine() -> None:
        net = classifier(student, few)
        lines = source.testing(40)
        first = logits(net, lines)
        expect(
            bool((first - first[0]).abs().max() > 1e-6), "the net says the same about every line"
        )
        behind = torch.arange(lines.x.shape[1]) >= lines.lengths.unsqueeze(1)
        zero = lines.x.masked_fill(behind.unsqueeze(2), 0.0)
        same = torch.allclose(logits(net, lines, zero), first, rtol=0, atol=1e-4)
        expect(same, "what stands behind the end of a line changes the answer: is it read?")
        mixed = zero.clone()
        for row, n in zip(mixed, lines.lengths, strict=True):
            row[:n] = row[:n].flip(0)
        differ = (logits(net, lines, mixed) - first).abs().amax(1) > 1e-6
        expect(
            bool(differ.double().mean() > 0.9),
            "turning a line round does not change the answer: does the order of letters count?",
        )

    over_either(student, rng, examine)


@suite.check(CLASSIFIER, points=1, title="90 % of lines that it has never seen")
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
        own = right(net, Lines(*(part[:300] for part in learning)))
        if own < 0.65:
            hint = "Nor are those that it learnt from: does it learn, and long enough?"
        elif own > reached + 0.1:
            hint = f"Of those that it learnt from it knows {own:.0%}: it learnt them by heart"
        else:
            hint = f"Of those that it learnt from it knows {own:.0%}: train it for longer"
        words = f"of 500 lines that the net has not seen, {reached:.0%} come out right, and "
        expect(False, f"{words}{WANTED:.0%} should. {hint}")

    over_either(student, rng, examine)
