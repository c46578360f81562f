"""RMSNorm against torch's."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from solutions.rms_norm import RMSNorm
from tests.layers import recipe


@pytest.mark.parametrize("shape", [(2, 5, 7), (1, 7), (7,), (3, 1, 1)])
@pytest.mark.parametrize("eps", [1e-5, 0.5])
def test_rms_norm_is_torch_s(shape: tuple[int, ...], eps: float) -> None:
    ours, theirs = RMSNorm(shape[-1], eps).double(), nn.RMSNorm(shape[-1], eps).double()
    with torch.no_grad():
        ours.weight.add_(torch.randn_like(ours.weight))
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(shape, dtype=torch.float64)
    y, wanted = ours(x), theirs(x)
    recipe.assert_close("y", y, wanted)
    got = torch.autograd.grad((y * weight).sum(), (x, ours.weight))
    for name, a, b in zip(
        ("x", "weight"),
        got,
        torch.autograd.grad((wanted * weight).sum(), (x, theirs.weight)),
        strict=True,
    ):
        recipe.assert_close(f"gradient of {name}", a, b)


def test_gradcheck_and_a_token_of_zeros() -> None:
    norm, x = RMSNorm(3).double(), torch.zeros(2, 3, dtype=torch.float64)
    assert torch.equal(norm(x), x)
    x[0] = torch.randn(3)
    assert torch.autograd.gradcheck(norm, x.requires_grad_())


def test_eps_stands_inside_the_root() -> None:
    x = torch.full((1, 4), 0.001, dtype=torch.float64)
    wanted = 0.001 / (1e-6 + 1e-5) ** 0.5
    recipe.assert_close("y", RMSNorm(4).double()(x), torch.full_like(x, wanted))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_averaged_in_float32(dtype: torch.dtype) -> None:
    # 300 squared is more than float16 holds; 1000 squares in bfloat16 stop adding up at 256.
    x = torch.full((1, 1000), 300.0, dtype=dtype)
    y = RMSNorm(1000).to(dtype)(x)
    assert y.dtype == dtype
    assert torch.all(y == 1)


def test_what_does_not_fit_is_named() -> None:
    with pytest.raises(ValueError, match="dim must be at least 1"):
        RMSNorm(0)
    with pytest.raises(ValueError, match="eps at least 0"):
        RMSNorm(3, -1.0)
    with recipe.without_shape_checks():
        with pytest.raises(ValueError, match="x must have 3 features"):
            RMSNorm(3)(torch.zeros(2, 4))
        with pytest.raises(TypeError, match=r"x must be torch\.float32"):
            RMSNorm(3)(torch.zeros(2, 3, dtype=torch.float64))
