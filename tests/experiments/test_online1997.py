"""The compiled rule must be the readable one: same outputs, same weight changes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from experiments import train1997 as tr
from experiments.online1997 import scratch, weight_count
from experiments.paper import ROWS, Row, shape_of, weights_of
from experiments.tasks1997 import seed as seed_tasks
from solutions.learning import truncated_rule_1997
from solutions.nets1997 import EXPERIMENTS, LSTM1997Net

SMALL = {row.name: row for row in ROWS if row.longest < 400}
RATE = 0.37


def one_sequence(row: Row, net: LSTM1997Net, seed: int) -> tuple[tr.Buffers, int]:
    """Draw one sequence of a row's task."""
    sequence = tr.buffers(shape_of(net), row.longest, row.active)
    seed_tasks(seed)
    size = np.array(row.size, dtype=np.int64)
    length = tr.generate(row.task, size, sequence.index, sequence.value, sequence.target)
    return sequence, length


def dense(sequence: tr.Buffers, length: int, inputs: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the same sequence as the readable rule wants it: (1, time, input) and targets."""
    x = torch.zeros(1, length, inputs, dtype=torch.float64)
    for t in range(length):
        x[0, t, sequence.index[t]] = torch.from_numpy(sequence.value[t])
    return x, torch.from_numpy(sequence.target[:length].copy()).unsqueeze(0)


def rule_and_kernel(row: Row, **changes: object) -> None:
    """Learn from one sequence both ways and compare every weight."""
    torch.manual_seed(0)
    net = EXPERIMENTS[row.net].build(**changes).double()
    shape, weights = shape_of(net), weights_of(net)
    sequence, length = one_sequence(row, net, seed=3)
    x, target = dense(sequence, length, shape.inputs)
    when = "every" if row.every_step else "last"
    learned = truncated_rule_1997(net, x, target, errors=when)
    work = scratch(shape)
    tr.run_sequence(shape, weights, work, sequence, length, row.judged_at, row.every_step, RATE)
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            parameter -= RATE * learned.gradients[name]
    for found, wanted in zip(weights, weights_of(net), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", SMALL)
def test_one_sequence_changes_the_weights_as_the_readable_rule_does(name: str) -> None:
    rule_and_kernel(SMALL[name])


@pytest.mark.parametrize(
    "changes",
    [
        {"self_loop": 0.9},
        {"output_gate": False},
        {"input_gate": False, "input_gate_bias": None},
        {"g": "tanh", "h": "tanh"},
        {"blocks": 4, "block_size": 1, "input_gate_bias": None},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_variants_agree_too(changes: dict[str, object]) -> None:
    rule_and_kernel(SMALL["4-T100"], **changes)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_kernel_counts_the_papers_weights(name: str) -> None:
    net = EXPERIMENTS[name].build()
    assert weight_count(shape_of(net)) == sum(p.numel() for p in net.parameters())


def test_reading_changes_no_weight() -> None:
    row = SMALL["6a"]
    net = EXPERIMENTS[row.net].build().double()
    weights, before = weights_of(net), weights_of(net)
    sequence, length = one_sequence(row, net, seed=1)
    shape = shape_of(net)
    worst, _, _ = tr.run_sequence(shape, weights, scratch(shape), sequence, length, 1, False, 0.0)
    x, target = dense(sequence, length, shape.inputs)
    wanted = (net(x)[0][0, -1] - target[0, -1]).abs().max().item()
    assert worst == pytest.approx(wanted, abs=1e-12)
    for found, old in zip(weights, before, strict=True):
        np.testing.assert_array_equal(found, old)
