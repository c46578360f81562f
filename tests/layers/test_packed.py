"""Reading past padding: every sequence comes out as it does alone."""

from __future__ import annotations

import pytest
import torch

from solutions.packed import PackedEncoder, padding_mask
from tests.layers import recipe


def test_padding_mask_is_true_at_tokens() -> None:
    mask = padding_mask(torch.tensor([3, 1]), 4)
    assert mask.tolist() == [[True, True, True, False], [True, False, False, False]]


@pytest.mark.parametrize("lengths", [[5, 2, 4], [3, 2, 1], [1, 1, 1]])
def test_every_sequence_comes_out_as_it_does_alone(lengths: list[int]) -> None:
    encoder = PackedEncoder(3, 4).double()
    x = torch.randn(3, 5, 3, dtype=torch.float64, requires_grad=True)
    memory, h, mask = encoder(x, torch.tensor(lengths))
    assert mask.sum(1).tolist() == lengths
    for row, n in enumerate(lengths):
        states, last = encoder.gru(x[row : row + 1, :n])
        recipe.assert_close("memory", memory[row, :n], states[0])
        recipe.assert_close("h", h[row], last[:, 0].flatten())
        assert not memory[row, n:].any()
    (gradient,) = torch.autograd.grad(memory.sum() + h.sum(), x)
    assert (gradient.abs().sum(-1) > 0).equal(mask)


def test_bad_input_is_named() -> None:
    encoder, x = PackedEncoder(3, 4), torch.randn(2, 5, 3)
    with recipe.without_shape_checks():
        with pytest.raises(ValueError, match=r"^x must"):
            encoder(x[..., :2], torch.tensor([5, 2]))
        with pytest.raises(ValueError, match=r"^lengths must lie"):
            encoder(x, torch.tensor([6, 2]))
        with pytest.raises(TypeError, match=r"^lengths must hold"):
            encoder(x, torch.tensor([5.0, 2.0]))
