"""Nets that read lines: padding changes nothing, and rows are as equal as they say."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from experiments.ablations.line_rows import LINE_READERS
from experiments.ablations.lines import LineReader, run, turned
from experiments.harness.registry import experiments
from experiments.harness.runner import complete
from experiments.nets.stacked import Stack
from solutions.gates import LSTM
from solutions.stacking import Bidirectional


def scores(stack: Stack, x: Tensor) -> Tensor:
    with torch.no_grad():
        return stack(x)


@pytest.mark.parametrize("both_ways", [False, True])
@pytest.mark.parametrize("kind", ["tanh", "gru", "lstm"])
def test_padding_changes_no_answer(kind: str, both_ways: bool) -> None:
    stack = Stack(lambda: LineReader(kind, 8, both_ways), [0, 1])
    x = torch.randint(1, 128, (2, 3, 9), generator=torch.Generator().manual_seed(0))
    padded = torch.cat([x, torch.zeros(2, 3, 6, dtype=torch.long)], -1)
    torch.testing.assert_close(scores(stack, padded), scores(stack, x))


def test_a_reader_of_both_ways_is_the_layer_of_the_solutions() -> None:
    stack = Stack(lambda: LineReader("lstm", 4, both_ways=True), [0])
    w = {name: value[0].detach() for name, value in stack._named(stack.theta).items()}
    ways, order = [], [0, 1, 3, 2]  # i f o g -> i f g o
    for way in range(2):
        layer = LSTM(16, 4)
        for name, own in (("weight_ih", "w_in"), ("weight_hh", "w_back"), ("bias", "bias")):
            parts = w[own][way].chunk(4, -1)
            rows = torch.cat([parts[k] for k in order], -1)
            getattr(layer.cell, name).data = rows[0] if name == "bias" else rows.T
        ways.append(layer)
    lengths = torch.tensor([7, 4])
    x = torch.randint(1, 128, (2, 7), generator=torch.Generator().manual_seed(0))
    x = x.masked_fill(torch.arange(7) >= lengths.unsqueeze(1), 0)
    with torch.no_grad():
        summary = Bidirectional(*ways).summary(w["embedding"][x], lengths)
    wanted = summary @ w["w_out"] + w["b_out"]
    torch.testing.assert_close(scores(stack, x.unsqueeze(0))[0], wanted, atol=1e-5, rtol=1e-4)


def test_a_line_is_turned_within_its_length() -> None:
    x = torch.tensor([[1, 2, 3, 0], [4, 5, 0, 0]])
    assert turned(x, torch.tensor([3, 2])).tolist() == [[3, 2, 1, 0], [5, 4, 0, 0]]


def weights(name: str) -> int:
    row = LINE_READERS[name]
    net = LineReader(row["kind"], row["hidden"], row["both_ways"])
    return sum(getattr(net, part).numel() for part in ("w_in", "w_back", "bias"))


def test_rows_that_are_compared_are_equal() -> None:
    for name in ("tanh-72", "gru-36"):
        assert weights(name) == pytest.approx(weights("lstm-32"), rel=0.1)
    cost = complete(experiments()["cost-width"], quick=False)

    def seconds(layer: str) -> float:
        return next(p["seconds"] for p in cost[layer]["points"] if p["size"] == 32)

    steps = LINE_READERS["lstm-32"]["steps"]
    for name, layer in (("tanh-32-as-long", "RNN"), ("gru-32-as-long", "GRU")):
        wanted = steps * seconds("LSTM") / seconds(layer)
        assert LINE_READERS[name]["steps"] == pytest.approx(wanted, rel=0.05)


def test_a_short_run_counts_every_held_out_line_once_a_seed() -> None:
    small = {"training": 20, "held_out": 6, "batch": 4, "steps": 3, "rate": 0.01, "seeds": [0, 1]}
    outcome = run({**small, "kind": "gru", "hidden": 4, "both_ways": False}, "cpu")
    table = torch.tensor(outcome["confusion"])
    assert table.sum(1).tolist() == [12] * 5  # 6 lines, two seeds
    assert int(table.trace()) == round(30 * sum(outcome["right"]))
    assert [row[0] for row in outcome["curve"]] == [0, 4, 8, 12]
    assert outcome["curve"][-1][1:] == outcome["right"]
