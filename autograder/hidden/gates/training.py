"""Part 7, training: one epoch, its batches and loss; the accuracy, and how the model is asked."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from autograder.checks import Student, expect, expect_type
from autograder.hidden.gates.epochs import (
    OF_A_STEP,
    OF_BATCHES,
    RATE,
    RECORDER,
    RIGHT,
    Task,
    Training,
    summed,
)
from autograder.hidden.gates.suite import suite
from autograder.hidden.shared.asking import numbers
from autograder.hidden.shared.tools import close, expect_value, normal, untouched

TRAINING = "training-tests"
COUNT, TIME, FEATURES, CLASSES = 11, 5, 4, 3
NEAR = 1e-8  # a mistake that is recognised, 100 times the tolerance of what is right


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
    if any(close(trained.weight, trained.of(task, each), NEAR) for each in others.values()):
        return
    wrong = {words: trained.of(task, each) for words, each in suspects.items()}
    what = "what the model's weights are after an epoch"
    expect_value(trained.weight, trained.of(task, RIGHT), wrong, hint, what=what)


@suite.check(TRAINING, points=0.5, title="one batch: a step down the mean cross-entropy")
def one_batch(student: Student, rng: torch.Generator) -> None:
    task = some_task(rng)
    hint = "one batch holds all: loss, zero_grad, backward, step, once"
    trained = Trained(student, task, COUNT + 3)
    expect(len(trained.batches[0]) == 1, "batch_size is larger than the data: one batch is wanted")
    expect_weights(trained, task, OF_A_STEP, {}, hint)


@suite.check(TRAINING, points=0.5, title="several batches: a fresh gradient and a step for each")
def each_batch(student: Student, rng: torch.Generator) -> None:
    task = some_task(rng)
    trained = Trained(student, task, 4)
    expect(len(trained.batches[0]) > 1, "11 sequences in batches of 4 came as one batch")
    hint = "for each batch: loss, zero_grad, backward, step"
    # Who learns nothing has no batches to be right about.
    others = {words: each for words, each in OF_A_STEP.items() if each.steps != "none"}
    expect_weights(trained, task, {**OF_BATCHES, **OF_A_STEP}, others, hint)


@suite.check(TRAINING, points=0.5, title="each sequence once, in a new order, the last batch too")
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


@suite.check(TRAINING, points=0.5, title="the mean loss over all sequences is returned")
def mean_loss(student: Student, rng: torch.Generator) -> None:
    task = some_task(rng)
    trained = Trained(student, task, 4)
    answer = trained.answers[0]
    expect_type(answer, float, what="what train_epoch returns")
    found = numbers(answer)
    kinds = {**OF_A_STEP, **OF_BATCHES}
    habits = [
        each for each in kinds.values() if close(trained.weight, trained.of(task, each), NEAR)
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
    wanted = (
        epoch.losses.sum() / epoch.sizes.sum()
        if any(each.loss is summed for each in habits)
        else epoch.mean
    )
    others = {words: value for words, value in suspects.items() if value != wanted}
    expect_value(found, wanted, others, hint, what="what train_epoch returns")


OF_AN_EPOCH = one_batch, each_batch


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


@suite.check(TRAINING, points=0.5, title="accuracy: the share of right answers")
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
            wrong = suspects if count > 1 else {}
            expect_value(numbers(found), right, wrong, hint, what="what accuracy returns")


@suite.check(TRAINING, points=0.5, title="accuracy: asked in evaluation mode, and left as it was")
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
