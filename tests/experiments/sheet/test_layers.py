"""The layers on the sheet stand in equal blocks, and PyTorch's kernels compute what ours do."""

from __future__ import annotations

import pytest
import torch

from experiments.sheet.layers import LAYERS, OUTER, WEIGHTS, Block, kernel, weights
from solutions.gates import GRU, LSTM
from solutions.layer import SequenceLayer
from solutions.rnn import RNN


@pytest.mark.parametrize("name", LAYERS)
def test_every_block_has_nearly_as_many_weights(name: str) -> None:
    assert weights(Block(name, LAYERS[name].width)) == pytest.approx(WEIGHTS, rel=0.06)


@pytest.mark.parametrize("name", LAYERS)
def test_a_block_reads_the_past_alone_and_answers_at_the_last_steps(name: str) -> None:
    torch.manual_seed(0)
    block = Block(name, LAYERS[name].width).double()
    x = torch.randn(2, 9, OUTER, dtype=torch.float64)
    later = x.clone()
    later[:, -1] += 1
    with torch.no_grad():
        y, other = block(x, 9), block(later, 9)
        torch.testing.assert_close(block(x, 3), y[:, -3:])
    torch.testing.assert_close(other[:, :-1], y[:, :-1])
    assert not torch.allclose(other[:, -1], y[:, -1])


@pytest.mark.parametrize("name", ["rnn", "lstm", "lstm-chrono", "gru"])
def test_pytorch_s_kernel_starts_with_our_weights_and_computes_the_same(name: str) -> None:
    torch.manual_seed(0)
    ours = LAYERS[name].build(12).double()
    fast = kernel(ours).double()
    assert isinstance(ours, RNN | LSTM | GRU)
    assert type(fast).__module__.startswith("torch.nn")
    x = torch.randn(3, 7, 12, dtype=torch.float64)
    torch.testing.assert_close(fast(x)[0], ours(x)[0])
    assert weights(fast) - weights(ours) in (0, 2 * 12)  # a GRU's second bias is whole


def test_a_layer_without_a_kernel_stays_itself() -> None:
    layer: SequenceLayer = LAYERS["mingru"].build(8)
    assert kernel(layer) is layer


def test_the_chrono_start_keeps_what_the_usual_one_forgets() -> None:
    torch.manual_seed(0)
    lasting, usual = LAYERS["lstm-chrono"].build(64), LAYERS["lstm"].build(64)
    keep = slice(64, 128)
    assert isinstance(lasting, LSTM)
    assert isinstance(usual, LSTM)
    assert lasting.cell.bias[keep].mean() > 3 > usual.cell.bias[keep].mean() == 1
