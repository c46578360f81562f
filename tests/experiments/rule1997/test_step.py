"""The compiled rule must be the readable one, in every lane: same outputs, same weight changes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from experiments.paper.rows import ROWS
from experiments.rule1997 import training as gr
from experiments.rule1997.lanes import LANES
from experiments.rule1997.memory import weight_count
from experiments.rule1997.protocol import Group, Protocol, group, shape_of, weights_of
from experiments.rule1997.step import _logistic
from solutions.learning import truncated_rule_1997
from solutions.nets1997 import EXPERIMENTS, LSTM1997Net

SMALL = {row.name: row.protocol for row in ROWS if row.protocol.longest < 400}
NETS = {protocol.net: name for name, protocol in SMALL.items()}  # one row per net
RATE = 0.37


def nets_of(protocol: Protocol, **changes: object) -> list[LSTM1997Net]:
    """Draw the nets that ``group`` draws."""
    nets = []
    for seed in range(LANES):
        torch.manual_seed(seed)
        nets.append(EXPERIMENTS[protocol.net].build(**changes).double())
    return nets


def one_sequence_each(nets: Group, protocol: Protocol) -> int:
    """Draw a sequence per lane; return the number of steps after alignment."""
    gr.draw(protocol.task, nets.size, nets.drawn, False)
    return gr.align(nets.drawn, np.arange(LANES), nets.given, protocol.every_step)


def dense(drawn: gr.Drafts, lane: int, inputs: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a lane's sequence as the readable rule wants it: (1, time, input) and targets."""
    length = drawn.length[lane]
    x = torch.zeros(1, length, inputs, dtype=torch.float64)
    for t in range(length):
        x[0, t, drawn.index[lane, t]] = torch.from_numpy(drawn.value[lane, t])
    return x, torch.from_numpy(drawn.target[lane, :length].copy()).unsqueeze(0)


def compare_with_readable_rule(protocol: Protocol) -> None:
    """Learn from one sequence both ways and compare every weight of every lane."""
    nets = group(protocol, list(range(LANES)))
    steps = one_sequence_each(nets, protocol)
    rate = np.full(LANES, RATE)
    gr.read(*nets.net, nets.given, steps, nets.way, rate, nets.found)
    when = "every" if protocol.every_step else "last"
    for lane, net in enumerate(nets_of(protocol, **protocol.changes)):
        x, target = dense(nets.drawn, lane, nets.shape.inputs)
        learned = truncated_rule_1997(net, x, target, errors=when)
        with torch.no_grad():
            for name, parameter in net.named_parameters():
                parameter -= RATE * learned.gradients[name]
        for found, wanted in zip(nets.weights, weights_of([net]), strict=True):
            np.testing.assert_allclose(found[..., lane], wanted[..., 0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", NETS.values())
def test_one_sequence_changes_the_weights_as_the_readable_rule_does(name: str) -> None:
    compare_with_readable_rule(SMALL[name])


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
    protocol = SMALL["4-T100"]
    compare_with_readable_rule(Protocol(**{**vars(protocol), "changes": changes}))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_kernel_counts_the_papers_weights(name: str) -> None:
    net = EXPERIMENTS[name].build()
    assert weight_count(shape_of(net)) == sum(p.numel() for p in net.parameters())


def test_reading_changes_no_weight_and_reports_the_error() -> None:
    protocol = SMALL["6a"]
    nets = group(protocol, list(range(LANES)))
    before = [w.copy() for w in nets.weights]
    steps = one_sequence_each(nets, protocol)
    gr.read(*nets.net, nets.given, steps, nets.way, np.zeros(LANES), nets.found)
    for lane, net in enumerate(nets_of(protocol)):
        x, target = dense(nets.drawn, lane, nets.shape.inputs)
        wanted = (net(x)[0][0, -1] - target[0, -1]).abs().max().item()
        assert nets.found.worst[lane] == pytest.approx(wanted, abs=1e-12)
    for found, old in zip(nets.weights, before, strict=True):
        np.testing.assert_array_equal(found, old)


def test_a_lane_without_a_rate_learns_nothing_while_others_do() -> None:
    protocol = SMALL["4-T100"]
    nets = group(protocol, [0, 1, 2])  # lanes 3 to 7 are empty
    nets.rate[1] = 0.0
    before = [w.copy() for w in nets.weights]
    steps = one_sequence_each(nets, protocol)
    gr.read(*nets.net, nets.given, steps, nets.way, nets.rate, nets.found)
    changed = [(nets.weights.hidden[..., k] != before[0][..., k]).any() for k in range(LANES)]
    assert changed == [True, False, True, False, False, False, False, False]


def test_weights_changed_at_every_step_differ_from_those_changed_at_the_end() -> None:
    protocol = SMALL["1-3x2-rate0.5"]
    weights = []
    for per_step in (False, True):
        nets = group(Protocol(**{**vars(protocol), "per_step": per_step}), [0])
        steps = one_sequence_each(nets, protocol)
        gr.read(*nets.net, nets.given, steps, nets.way, nets.rate, nets.found)
        weights.append(nets.weights.output[..., 0].copy())
    gap = np.abs(weights[0] - weights[1]).max()
    assert 1e-6 < gap < 1.0


def test_the_exponential_is_exact_to_rounding() -> None:
    x = np.concatenate([np.linspace(-800, 800, 4001), [0.0, 1e-300, -1e-9, 36.7, -36.7]])
    x = np.resize(x, -(-x.size // LANES) * LANES)
    power, y = np.zeros(x.size), x.copy()
    _logistic(y, power, power.view(np.int64))
    wanted = 1 / (1 + np.exp(-np.clip(x, -700, 700)))
    np.testing.assert_allclose(y, wanted, rtol=1e-15, atol=0)
