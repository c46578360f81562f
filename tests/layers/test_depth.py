"""Gating in depth: the four equations, their limits, and how far error travels down."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from solutions.depth import (
    BLOCKS,
    DepthStack,
    GLUBlock,
    HighwayBlock,
    NoState,
    PlainBlock,
    ResidualBlock,
    depth_jacobian_norms,
)
from tests.layers import recipe


def inputs() -> Tensor:
    return torch.randn(2, 5, 4, dtype=torch.float64)


def written_out(kind: str, parameters: dict[str, Tensor], x: Tensor) -> Tensor:
    """The equations of the module's table, with plain matrices."""
    linear = x @ parameters["transform.weight"].T + parameters["transform.bias"]
    if kind == "plain":
        return linear.tanh()
    if kind == "residual":
        return x + linear.tanh()
    gate = 1 / (1 + torch.exp(-(x @ parameters["gate.weight"].T) - parameters["gate.bias"]))
    return linear * gate if kind == "glu" else gate * linear.tanh() + (1 - gate) * x


@pytest.mark.parametrize("kind", BLOCKS)
def test_block_is_its_equation_with_every_gradient(kind: str) -> None:
    block, x = BLOCKS[kind](4).double(), inputs()
    ours, oracle = block(x)[0], written_out(kind, dict(block.named_parameters()), x)
    recipe.assert_close("y", ours, oracle)
    weight, parameters = torch.randn_like(ours), list(block.parameters())
    for a, b in zip(
        torch.autograd.grad((ours * weight).sum(), parameters),
        torch.autograd.grad((oracle * weight).sum(), parameters),
        strict=True,
    ):
        recipe.assert_close("gradient", a, b)


@pytest.mark.parametrize("kind", BLOCKS)
def test_promises_of_a_sequence_layer(kind: str) -> None:
    for layer in (BLOCKS[kind](4).double(), DepthStack(kind, 4, 3).double()):
        x = inputs()
        recipe.check_step_forward_chunks(layer, x)
        recipe.check_step_forward_chunks(layer, x[:1, :1])
        recipe.check_gradients(layer, x[:1, :2])
        recipe.check_causality(layer, x)
        recipe.check_state_size(layer, x)
        recipe.check_dtypes(layer, x)
        recipe.check_bad_input(layer, 4)
        assert layer.initial_state(2) == layer(x)[1] == NoState()


def test_highway_gate_near_zero_carries_and_near_one_transforms() -> None:
    block, x = HighwayBlock(4).double(), inputs()
    torch.nn.init.zeros_(block.gate.weight)
    for bias, wanted in ((-60.0, x), (60.0, torch.tanh(block.transform(x)))):
        torch.nn.init.constant_(block.gate.bias, bias)
        recipe.assert_close(f"gate bias {bias}", block(x)[0], wanted)
    assert torch.all(HighwayBlock(4, gate_bias=-3.0).gate.bias == -3.0)


def test_glu_with_an_open_gate_is_linear_and_with_a_closed_one_silent() -> None:
    block, x = GLUBlock(4).double(), inputs()
    torch.nn.init.zeros_(block.gate.weight)
    torch.nn.init.constant_(block.gate.bias, 60.0)
    recipe.assert_close("open", block(x)[0], block.transform(x))
    torch.nn.init.constant_(block.gate.bias, -60.0)
    recipe.assert_close("closed", block(x)[0], torch.zeros_like(x))


def test_jacobian_norms_are_those_of_the_whole_stack() -> None:
    stack, x = DepthStack("highway", 4, 3).double(), torch.randn(4, dtype=torch.float64)
    norms = depth_jacobian_norms(stack, x)
    assert norms.shape == (4,)
    assert norms[0] == 1
    whole = torch.func.jacrev(lambda x: stack(x[None, None])[0][0, 0])(x)
    recipe.assert_close("whole", norms[-1], torch.linalg.matrix_norm(whole, ord=2))
    last = torch.func.jacrev(stack.blocks[-1].block)(
        stack.blocks[1].block(stack.blocks[0].block(x))
    )
    recipe.assert_close("last", norms[1], torch.linalg.matrix_norm(last, ord=2))


def test_carried_gradients_are_exact_where_the_equations_say_so() -> None:
    x = torch.randn(4, dtype=torch.float64)
    residual, highway = DepthStack("residual", 4, 50), DepthStack("highway", 4, 50)
    with torch.no_grad():
        for block in (*residual.blocks, *highway.blocks):
            block.transform.weight.zero_()
        for block in highway.blocks:
            block.gate.weight.zero_()
    ones = torch.ones(51, dtype=torch.float64)
    recipe.assert_close("residual", depth_jacobian_norms(residual.double(), x), ones)
    carry = 1 - torch.sigmoid(torch.tensor(-2.0, dtype=torch.float64))
    wanted = carry ** torch.arange(51, dtype=torch.float64)
    recipe.assert_close("highway", depth_jacobian_norms(highway.double(), x), wanted)


def test_plain_stack_loses_the_gradient_that_a_residual_stack_keeps() -> None:
    x = torch.randn(16, dtype=torch.float64)
    norms = {k: depth_jacobian_norms(DepthStack(k, 16, 50).double(), x)[-1] for k in BLOCKS}
    assert norms["plain"] < 1e-6
    assert norms["glu"] < 1e-6
    assert norms["residual"] > 1e-1
    assert norms["highway"] > 100 * norms["plain"]


def test_graph_is_traced_whole() -> None:
    recipe.check_compiles(DepthStack("highway", 4, 2).double(), inputs())


def test_bad_options_are_named() -> None:
    with recipe.without_shape_checks():
        with pytest.raises(ValueError, match=r"^kind must"):
            DepthStack("deep", 4, 2)
        with pytest.raises(ValueError, match=r"^depth must"):
            DepthStack("plain", 4, 0)
        for block in (PlainBlock, ResidualBlock):
            with pytest.raises(ValueError, match=r"^dim must"):
                block(0)
