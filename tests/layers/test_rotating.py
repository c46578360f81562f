"""Positions given one by one against those counted from an offset."""

from __future__ import annotations

import pytest
import torch

from solutions.positions import Rotary, sinusoidal
from solutions.rotating import angles_at, positions_of, rotate, sinusoidal_at
from tests.layers import recipe


def counted(length: int, offset: int, batch: int = 2) -> torch.Tensor:
    return torch.arange(offset, offset + length).repeat(batch, 1)


@pytest.mark.parametrize("base", [10_000.0, 500_000.0])
@pytest.mark.parametrize(("length", "offset", "dim"), [(5, 0, 6), (3, 1000, 2), (1, 7, 4)])
def test_counted_positions_are_those_of_an_offset(
    length: int, offset: int, dim: int, base: float
) -> None:
    positions = counted(length, offset)
    recipe.assert_close(
        "code", sinusoidal_at(positions, dim, base)[1], sinusoidal(length, dim, offset, base)
    )
    x = torch.randn(2, 3, length, dim, dtype=torch.float64)
    recipe.assert_close("turned", rotate(x, positions, base), Rotary(dim, base)(x, offset))


def test_rows_have_positions_of_their_own() -> None:
    positions = torch.tensor([[0, 0, 1, 2], [5, 6, 0, 1]])
    x = torch.randn(2, 3, 4, 6, dtype=torch.float64)
    y = rotate(x, positions)
    for b in range(2):
        for t in range(4):
            one = Rotary(6)(x[b, :, t : t + 1], int(positions[b, t]))
            recipe.assert_close(f"row {b}, token {t}", y[b, :, t : t + 1], one)


def test_only_the_distance_counts_and_lengths_stay() -> None:
    q, k = torch.randn(2, 1, 1, 1, 8, dtype=torch.float64)
    near = (rotate(q, torch.tensor([[7]])) * rotate(k, torch.tensor([[3]]))).sum()
    far = (rotate(q, torch.tensor([[100_007]])) * rotate(k, torch.tensor([[100_003]]))).sum()
    recipe.assert_close("score", near, far)
    recipe.assert_close("length", rotate(q, torch.tensor([[9]])).norm(), q.norm())


def test_rotation_passes_gradients_and_keeps_dtypes() -> None:
    x = torch.randn(1, 2, 3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: rotate(x, counted(3, 5, 1)), x)
    for dtype in (torch.float32, torch.bfloat16):
        y = rotate(x.detach().to(dtype), counted(3, 100_000, 1))
        assert y.dtype == dtype
        wanted = rotate(x.detach(), counted(3, 100_000, 1))
        atol = 1e-6 if dtype == torch.float32 else 0.05  # bfloat16 has 8 bits
        torch.testing.assert_close(y.double(), wanted, rtol=0, atol=atol)


def test_positions_count_real_tokens_only() -> None:
    real = torch.tensor([[0, 0, 1, 1, 1], [1, 1, 0, 1, 0], [1, 1, 1, 1, 1]]).bool()
    wanted = torch.tensor([[0, 0, 0, 1, 2], [0, 1, 2, 2, 3], [0, 1, 2, 3, 4]])
    assert torch.equal(positions_of(real), wanted)
    before = torch.tensor([3, 0, 10])
    assert torch.equal(positions_of(real, before), wanted + before.unsqueeze(1))


def test_what_does_not_fit_is_named() -> None:
    x = torch.zeros(2, 3, 4, 6)
    with recipe.without_shape_checks():
        with pytest.raises(ValueError, match=r"positions \(batch, time\)"):
            rotate(x, torch.zeros(4, dtype=torch.long))
        with pytest.raises(TypeError, match="positions must hold integers"):
            rotate(x, torch.zeros(2, 4))
        with pytest.raises(TypeError, match="x must hold floating-point"):
            rotate(x.long(), torch.zeros(2, 4, dtype=torch.long))
        with pytest.raises(ValueError, match="dim must be even"):
            angles_at(torch.zeros(2, 4, dtype=torch.long), 5)
