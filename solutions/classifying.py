"""Training a net that gives one answer for a whole sequence, and measuring it."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from solutions.gates import GRU
from solutions.stacking import SequenceClassifier


def train_epoch(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    x: Float[Tensor, "sequences time input"],
    lengths: Int[Tensor, " sequences"],
    labels: Int[Tensor, " sequences"],
    batch_size: int,
) -> float:
    """Go once through all sequences in a new random order, and learn from each batch.

    A batch holds ``batch_size`` sequences, the last one what is left. The loss of a batch is its
    mean cross-entropy, of ``model(x, lengths)``, the logits, and the labels; the optimizer takes
    one step down its gradient. Returns the mean loss over all sequences, each as it was found
    before its step.
    """
    ### BEGIN SOLUTION
    total = 0.0
    for batch in torch.randperm(len(x)).split(batch_size):
        loss = nn.functional.cross_entropy(model(x[batch], lengths[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(batch)
    return total / len(x)
    ### END SOLUTION


def accuracy(
    model: nn.Module,
    x: Float[Tensor, "sequences time input"],
    lengths: Int[Tensor, " sequences"],
    labels: Int[Tensor, " sequences"],
) -> float:
    """Return the share of sequences whose largest logit is that of their label.

    The model is asked in evaluation mode, without a graph, and is left in the mode it was in.
    """
    ### BEGIN SOLUTION
    was_training = model.training
    model.eval()
    with torch.no_grad():
        answers = model(x, lengths).argmax(dim=1)
    model.train(was_training)
    return float((answers == labels).double().mean())
    ### END SOLUTION


def train_classifier(
    x: Float[Tensor, "sequences time input"],
    lengths: Int[Tensor, " sequences"],
    labels: Int[Tensor, " sequences"],
) -> nn.Module:
    """Return a trained net: ``net(x, lengths)`` gives two logits for each sequence."""
    ### BEGIN SOLUTION
    net = SequenceClassifier(GRU(x.shape[-1], 24), output_size=24, classes=2)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(8):
        train_epoch(net, optimizer, x, lengths, labels, batch_size=50)
    return net
    ### END SOLUTION
