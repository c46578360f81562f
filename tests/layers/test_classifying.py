"""One epoch by hand, the accuracy, and a net that learns to read."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from solutions.classifying import accuracy, train_classifier, train_epoch
from solutions.lines import as_lines, some_lines, words_of


class Linear(nn.Module):
    """Logits from the first token; drops all of it while training if asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2, 3, dtype=torch.float64))
        self.seen: list[Tensor] = []

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        self.seen.append(x[:, 0, 0])
        assert len(lengths) == len(x)
        return x[:, 0] @ self.weight.T


def data(count: int) -> tuple[Tensor, Tensor, Tensor]:
    x = torch.randn(count, 4, 3, dtype=torch.float64)
    return x, torch.full((count,), 4), (x[:, 0, 0] > 0).long()


def test_an_epoch_is_a_step_for_each_batch() -> None:
    torch.manual_seed(0)
    x, lengths, labels = data(11)
    model = Linear()
    loss = train_epoch(model, torch.optim.SGD(model.parameters(), lr=0.5), x, lengths, labels, 4)
    weight, losses = torch.zeros(2, 3, dtype=torch.float64), 0.0
    for seen in model.seen:
        batch = torch.cat([(x[:, 0, 0] == value).nonzero().flatten() for value in seen])
        leaf = weight.clone().requires_grad_()
        value = nn.functional.cross_entropy(x[batch, 0] @ leaf.T, labels[batch])
        weight = weight - 0.5 * torch.autograd.grad(value, leaf)[0]
        losses += float(value.detach()) * len(batch)
    assert [len(seen) for seen in model.seen] == [4, 4, 3]
    assert sorted(torch.cat(model.seen).tolist()) == sorted(x[:, 0, 0].tolist())
    torch.testing.assert_close(model.weight.detach(), weight, rtol=0, atol=1e-12)
    assert loss == pytest.approx(losses / 11)


def test_accuracy_is_the_share_of_right_answers_and_leaves_the_mode() -> None:
    x, lengths, labels = data(40)
    model = nn.ModuleDict({"drop": nn.Dropout(0.9), "read": Linear()})
    model.forward = lambda x, n: model["read"](model["drop"](x), n)  # type: ignore[method-assign]
    model["read"].weight.data[1, 0] = 1.0  # logit 1 is the number that the label is made of
    for training in (True, False):
        model.train(training)
        assert accuracy(model, x, lengths, labels) == 1.0
        assert accuracy(model, x, lengths, 1 - labels) == 0.0
        assert model.training is training


def test_a_net_learns_which_way_lines_read() -> None:
    torch.manual_seed(1)
    training = as_lines(some_lines(words_of(0), 1500, seed=1), seed=11)
    testing = as_lines(some_lines(words_of(1), 300, seed=2), seed=12)
    net = train_classifier(*training)
    assert accuracy(net, *testing) > 0.93
