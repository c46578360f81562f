"""One epoch of training as it should be, and what typical mistakes make of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

RATE = 0.7

# A model that keeps a record of what it is asked. Its logits are linear in the mean valid token.
RECORDER = '''
import torch


class Recorder(torch.nn.Module):
    """Lent by the judge: logits are linear in the mean of the tokens within the lengths."""

    def __init__(self, features, classes):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.rand(classes, features))
        self.seen = []

    def forward(self, x, lengths):
        self.seen.append(x[:, 0, 0].detach().clone())
        within = torch.arange(x.shape[1]) < lengths.unsqueeze(1)
        mean = (x * within.unsqueeze(2)).sum(1) / lengths.unsqueeze(1)
        return mean @ self.weight.T


def recorder(features, classes, rate):
    model = Recorder(features, classes).double()
    return model, torch.optim.SGD(model.parameters(), lr=rate)
'''


class Task(NamedTuple):
    """What is to be learnt, and from which weights on."""

    weight: Tensor
    x: Tensor
    lengths: Tensor
    labels: Tensor


class Epoch(NamedTuple):
    """Weights after it, and the loss and the size of each batch."""

    weight: Tensor
    losses: Tensor
    sizes: Tensor

    @property
    def mean(self) -> Tensor:
        return (self.losses * self.sizes).sum() / self.sizes.sum()


Loss = Callable[[Tensor, Tensor], Tensor]
cross_entropy: Loss = torch.nn.functional.cross_entropy


def summed(logits: Tensor, labels: Tensor) -> Tensor:
    return torch.nn.functional.cross_entropy(logits, labels, reduction="sum")


def squared_error(logits: Tensor, labels: Tensor) -> Tensor:
    wanted = torch.nn.functional.one_hot(labels, logits.shape[1]).to(logits.dtype)
    return torch.nn.functional.mse_loss(logits, wanted)


@dataclass(frozen=True)
class Training:
    """The pieces of an epoch."""

    loss: Loss = cross_entropy
    down: float = 1.0
    fresh: bool = True  # each batch's gradient begins at zero
    steps: str = "each"  # or "last", or "none"
    labels_in_order: bool = True  # those of the batch, not of the first rows
    lengths_in_order: bool = True

    def epoch(self, task: Task, batches: list[Tensor]) -> Epoch:
        weight, kept = task.weight.clone(), torch.zeros_like(task.weight)
        losses = []
        for number, batch in enumerate(batches):
            first = torch.arange(len(batch))
            n = task.lengths[batch if self.lengths_in_order else first]
            labels = task.labels[batch if self.labels_in_order else first]
            leaf = weight.clone().requires_grad_()
            within = (torch.arange(task.x.shape[1]) < n.unsqueeze(1)).unsqueeze(2)
            mean = (task.x[batch] * within).sum(1) / n.unsqueeze(1)
            loss = self.loss(mean @ leaf.T, labels)
            (gradient,) = torch.autograd.grad(loss, leaf)
            kept = gradient if self.fresh and self.steps != "last" else kept + gradient
            last = number == len(batches) - 1
            if self.steps == "each" or (self.steps == "last" and last):
                weight = weight - self.down * RATE * kept
            losses.append(loss.detach())
        return Epoch(weight, torch.stack(losses), torch.tensor([len(b) for b in batches]).double())


RIGHT = Training()
OF_A_STEP: Mapping[str, Training] = {
    "Nothing was learnt: is optimizer.step() called, and zero_grad() before backward()": Training(
        steps="none"
    ),
    "The step goes up the gradient": Training(down=-1.0),
    "The loss is the sum over the batch; it should be the mean": Training(loss=summed),
    "cross_entropy takes logits; here they pass softmax before it": Training(
        loss=lambda logits, labels: cross_entropy(logits.softmax(1), labels)
    ),
    "The loss is the squared error; it should be the cross-entropy": Training(loss=squared_error),
    "This is nll_loss of the logits: it takes logarithms of probabilities": Training(
        loss=torch.nn.functional.nll_loss
    ),
    "The labels are not those of the batch: index them as x is": Training(labels_in_order=False),
    "The lengths are not those of the batch: index them as x is": Training(lengths_in_order=False),
}
OF_BATCHES: Mapping[str, Training] = {
    "Gradients of earlier batches are still there: zero_grad() before each backward()": Training(
        fresh=False
    ),
    "There is one step for the whole epoch; each batch has its own": Training(steps="last"),
}
