"""SwiGLU against its equation, and its width."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from solutions.swiglu import SwiGLU, swiglu_size
from tests.layers import recipe


@pytest.mark.parametrize("shape", [(2, 5, 4), (1, 4), (4,)])
def test_swiglu_is_its_equation(shape: tuple[int, ...]) -> None:
    net = SwiGLU(4, 6).double()
    x = torch.randn(shape, dtype=torch.float64)
    w1, w2, w3 = net.gate.weight, net.down.weight, net.up.weight
    half = (x @ w1.T) / (1 + (-(x @ w1.T)).exp())
    recipe.assert_close("y", net(x), (half * (x @ w3.T)) @ w2.T)


def test_it_is_a_gated_linear_unit_with_silu_for_the_sigmoid() -> None:
    # torch has GLU with a sigmoid: silu(a) b = a (sigmoid(a) b).
    net, x = SwiGLU(4, 6).double(), torch.randn(3, 4, dtype=torch.float64)
    gate, up = net.gate(x), net.up(x)
    recipe.assert_close("y", net(x), net.down(gate * F.glu(torch.cat([up, gate], dim=-1))))


def test_gradcheck() -> None:
    net, x = SwiGLU(3, 5).double(), torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
    names = [name for name, _ in net.named_parameters()]

    def run(x: torch.Tensor, *weights: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = torch.func.functional_call(
            net, dict(zip(names, weights, strict=True)), (x,)
        )
        return y

    assert torch.autograd.gradcheck(run, (x, *net.parameters()))


@pytest.mark.parametrize(
    ("dim", "multiple", "size"),
    [(3, 1, 8), (3, 8, 8), (4, 1, 11), (1, 1, 3), (64, 64, 192), (4096, 256, 11008), (24, 64, 64)],
)
def test_width_is_eight_thirds_rounded_up(dim: int, multiple: int, size: int) -> None:
    # 4096 with 256 gives the 11008 that the published sizes of Llama 7B have.
    assert swiglu_size(dim, multiple) == size


def test_it_weighs_what_an_ordinary_net_weighs() -> None:
    dim = 96  # 8/3 of it is a multiple of 64
    assert sum(p.numel() for p in SwiGLU(dim).parameters()) == 2 * dim * 4 * dim


def test_dtype_and_errors() -> None:
    assert SwiGLU(4, 2)(torch.zeros(1, 4)).dtype == torch.float32
    for bad in (lambda: SwiGLU(0, 2), lambda: SwiGLU(2, 0), lambda: swiglu_size(2, 0)):
        with pytest.raises(ValueError, match="at least 1"):
            bad()
    with recipe.without_shape_checks():
        with pytest.raises(ValueError, match="x must have 4 features"):
            SwiGLU(4, 2)(torch.zeros(2, 3))
        with pytest.raises(TypeError, match=r"x must be torch\.float32"):
            SwiGLU(4, 2)(torch.zeros(2, 4, dtype=torch.float64))
