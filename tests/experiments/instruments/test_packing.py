"""Weights come back from a page's bytes as near as their step size promises."""

from __future__ import annotations

import torch

from experiments.instruments.packing import MOST, packed, packed_weights, unpacked, unpacked_weights


def test_weights_come_back_to_half_a_step() -> None:
    weights = torch.randn(7, 5, generator=torch.Generator().manual_seed(0))
    kept = packed(weights)
    back = unpacked(kept)
    assert back.shape == (7, 5)
    assert back.dtype == torch.float64
    assert kept["step"] * MOST == weights.abs().max().item()
    assert (back - weights).abs().max() <= kept["step"] / 2 * (1 + 1e-6)
    assert back.abs().max().item() == weights.abs().max().item()


def test_packing_what_was_unpacked_changes_nothing() -> None:
    weights = torch.randn(12, generator=torch.Generator().manual_seed(1))
    once = packed(weights)
    assert packed(unpacked(once)) == once


def test_a_tensor_of_zeros_stays_one() -> None:
    assert torch.equal(unpacked(packed(torch.zeros(3))), torch.zeros(3).double())


def test_a_model_keeps_its_names_and_reads_its_weights_again() -> None:
    model = torch.nn.GRUCell(2, 3)
    kept = packed_weights(model.state_dict())
    assert list(kept) == [name for name, _ in model.named_parameters()]
    again = torch.nn.GRUCell(2, 3).double()
    again.load_state_dict(unpacked_weights(kept))
    torch.testing.assert_close(
        again.weight_ih, model.weight_ih.double(), atol=kept["weight_ih"]["step"], rtol=0
    )
