"""The carousel and the LSTM of 1997, against their equations written out unit by unit."""

from __future__ import annotations

import itertools
import math
import re

import pytest
import torch
from torch import Tensor, nn

from solutions.carousel import LSTM1997, LSTM1997State, NaiveCarousel, hard_gate
from tests.layers import recipe

VARIANTS = {
    "paper": {},
    "full gradient": {"truncated": False},
    "one cell per block": {"block_size": 1, "truncated": False},
    "gates biased": {"bias": "gates"},
    "no bias": {"bias": "none", "truncated": False},
    "no input gate": {"input_gate": False, "input_gate_bias": None},
    "no output gate": {"output_gate": False, "truncated": False},
    "no gates": {"input_gate": False, "output_gate": False, "truncated": False},
    "leaking": {"self_loop": 0.9},
    "growing": {"self_loop": 1.01, "truncated": False},
    "tanh": {"g": "tanh", "h": "tanh", "truncated": False},
    "as in 2a": {"g": "sigmoid", "h": "identity", "output_gate": False, "recurrent": False},
    "hard gates": {"gate": "hard"},
}


def make(block_size: int = 2, init_range: float = 0.8, **options: object) -> LSTM1997:
    return LSTM1997(3, 2, block_size, init_range=init_range, **options).double()


def by_hand(layer: LSTM1997, x: Tensor) -> Tensor:
    """The paper's equations, unit by unit in plain Python numbers; standard options only."""
    W, U, b = layer.weight_ih.tolist(), layer.weight_hh.tolist(), layer.bias.tolist()

    def f(a: float) -> float:
        return 1 / (1 + math.exp(-a))

    B, S = layer.blocks, layer.block_size
    outputs = []
    for sequence in x.tolist():
        s, y, rows = [0.0] * (B * S), [0.0] * (B * S + 2 * B), []
        for token in sequence:
            net = [
                sum(w * v for w, v in zip(W[u], token, strict=True))
                + sum(w * v for w, v in zip(U[u], y, strict=True))
                + b[u]
                for u in range(len(y))
            ]
            gate_in = [f(net[B * S + j]) for j in range(B)]
            gate_out = [f(net[B * S + B + j]) for j in range(B)]
            yc = []
            for j, v in itertools.product(range(B), range(S)):
                c = j * S + v
                s[c] += gate_in[j] * (4 * f(net[c]) - 2)
                yc.append(gate_out[j] * (2 * f(s[c]) - 1))
            y = yc + gate_in + gate_out
            rows.append(yc)
        outputs.append(rows)
    return torch.tensor(outputs, dtype=torch.float64)


@pytest.mark.parametrize("truncated", [True, False])
@pytest.mark.parametrize(("batch", "time", "block_size"), [(3, 7, 2), (1, 1, 3), (2, 4, 1)])
def test_agrees_with_the_papers_equations(
    batch: int, time: int, block_size: int, truncated: bool
) -> None:
    layer = make(block_size, truncated=truncated)
    x = torch.randn(batch, time, 3, dtype=torch.float64)
    recipe.assert_close("yc", layer(x)[0], by_hand(layer, x), 1e-13)


@pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS)
@pytest.mark.parametrize(("batch", "time"), [(3, 7), (1, 1), (1, 5)])
def test_step_forward_and_chunks_agree(options: dict[str, object], batch: int, time: int) -> None:
    layer = make(**options)
    x = torch.randn(batch, time, 3, dtype=torch.float64)
    recipe.check_step_forward_chunks(layer, x)
    s, y = layer.initial_state(batch)
    recipe.check_step_forward_chunks(
        layer, x, LSTM1997State(torch.randn_like(s), torch.rand_like(y))
    )


@pytest.mark.parametrize("bias", [-12.0, 12.0], ids=["closed", "open"])
def test_agreement_holds_with_gates_shut_and_wide_open(bias: float) -> None:
    layer = make(input_gate_bias=(bias, bias), output_gate_bias=(bias, bias), truncated=False)
    recipe.check_step_forward_chunks(layer, torch.randn(2, 6, 3, dtype=torch.float64))


@pytest.mark.parametrize("name", [n for n, o in VARIANTS.items() if o.get("truncated") is False])
def test_full_gradient_agrees_with_finite_differences(name: str) -> None:
    layer = make(**VARIANTS[name])
    recipe.check_gradients(layer, torch.randn(2, 4, 3, dtype=torch.float64))


class Detached(nn.Module):
    """The truncated layer's definition: y(t-1) detached at every step, autograd does the rest."""

    def __init__(self, layer: LSTM1997) -> None:
        super().__init__()
        self.full = LSTM1997(
            3, 2, 2, self_loop=layer.self_loop, g=layer.g, h=layer.h, truncated=False
        ).double()
        self.full.load_state_dict(layer.state_dict())

    def forward(self, x: Tensor) -> Tensor:
        state, outputs = self.full.initial_state(x.shape[0]), []
        for x_t in x.unbind(1):
            y, state = self.full.step(x_t, LSTM1997State(state.s, state.y.detach()))
            outputs.append(y)
        return torch.stack(outputs, dim=1)


@pytest.mark.parametrize("self_loop", [1.0, 0.95])
@pytest.mark.parametrize("squash", ["scaled", "tanh"])
def test_truncated_gradient_is_that_of_detached_activations(self_loop: float, squash: str) -> None:
    layer = make(self_loop=self_loop, g=squash, h=squash)
    reference = Detached(layer)
    x = torch.randn(2, 9, 3, dtype=torch.float64)
    weight = torch.randn(2, 9, 4, dtype=torch.float64)
    (layer(x)[0] * weight).sum().backward()
    (reference(x) * weight).sum().backward()
    for name, p in layer.named_parameters():
        recipe.assert_close(name, p.grad, reference.full.get_parameter(name).grad, 1e-12)
    full = make(self_loop=self_loop, g=squash, h=squash, truncated=False)
    full.load_state_dict(layer.state_dict())
    (full(x)[0] * weight).sum().backward()
    assert not torch.allclose(full.weight_hh.grad, layer.weight_hh.grad, rtol=1e-3)


def test_error_in_the_carousel_flows_unchanged_only_under_truncation() -> None:
    """ds(T)/ds(0) is w^T times the identity; the full gradient has further terms."""
    T = 100
    x = torch.randn(1, T, 3, dtype=torch.float64)
    for w, truncated in [(1.0, True), (0.9, True), (1.0, False)]:
        layer = make(self_loop=w, truncated=truncated)

        def last(s: Tensor, layer: LSTM1997 = layer) -> Tensor:
            start = LSTM1997State(s[None], layer.initial_state(1).y)
            return layer(x, start)[1].s[0]

        jacobian = torch.autograd.functional.jacobian(last, torch.zeros(4, dtype=torch.float64))
        exact = w**T * torch.eye(4, dtype=torch.float64)
        if truncated:
            recipe.assert_close("jacobian", jacobian, exact, 1e-12)
        else:
            assert (jacobian - exact).norm() > 0.1


def test_hard_gates_are_binary_and_learn_like_soft_ones() -> None:
    net = torch.tensor([-2.0, -0.1, 0.1, 3.0], dtype=torch.float64, requires_grad=True)
    gate = hard_gate(net)
    assert gate.tolist() == [0.0, 0.0, 1.0, 1.0]
    (grad,) = torch.autograd.grad(gate.sum(), net)
    recipe.assert_close("gradient", grad, torch.sigmoid(net) * (1 - torch.sigmoid(net)), 1e-12)


def test_causal_bounded_state_dtype_and_bad_input() -> None:
    x = torch.randn(2, 6, 3, dtype=torch.float64)
    for layer in (make(), make(truncated=False), NaiveCarousel(3, 4).double()):
        recipe.check_causality(layer, x)
        recipe.check_state_size(layer, x)
        recipe.check_dtypes(layer, x)
        recipe.check_bad_input(layer, 3)
    recipe.check_compiles(make(truncated=False), x)


def test_naive_carousel_multiplies_error_by_the_self_loop() -> None:
    layer = NaiveCarousel(3, 2, self_loop=0.9).double()
    x = torch.randn(2, 7, 3, dtype=torch.float64)
    recipe.check_step_forward_chunks(layer, x)
    recipe.check_gradients(layer, x)
    powers = layer.self_loop[0].item() ** torch.arange(6, -1, -1, dtype=torch.float64)
    wanted = torch.einsum("t,bti,hi->bh", powers, x, layer.weight_ih)
    recipe.assert_close("s", layer(x)[0][:, -1], wanted, 1e-12)


def test_start_values_are_the_papers() -> None:
    layer = LSTM1997(40, 2, 2, input_gate_bias=(-3.0, -6.0), init_range=0.1)
    assert layer.bias[4:6].tolist() == [-3.0, -6.0]
    others = [layer.weight_ih, layer.weight_hh, layer.bias[:4], layer.bias[6:]]
    assert all(0 < t.abs().max() <= 0.1 for t in others)
    assert layer.weight_ih.abs().max() > 0.08
    ladder = LSTM1997(40, 2, 2, bias="gates", output_gate_bias=(-1.0, -2.0)).bias
    assert ladder.shape == (4,)
    assert ladder[2:].tolist() == [-1.0, -2.0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"blocks": 0}, "sizes must be at least 1"),
        ({"bias": "some"}, "bias must be one of"),
        ({"g": "relu"}, "g must be one of"),
        ({"h": "relu"}, "h must be one of"),
        ({"gate": "soft"}, "gate must be one of"),
        ({"input_gate_bias": (-1.0,)}, "input_gate_bias must have one entry"),
        (
            {"output_gate_bias": (-1.0, -2.0), "bias": "none"},
            "output_gate_bias must have one entry",
        ),
        ({"input_gate_bias": (-1.0, -2.0), "input_gate": False}, "input_gate_bias must have one"),
    ],
)
def test_bad_options_are_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        LSTM1997(**{"input_size": 3, "blocks": 2, **options})
    with pytest.raises(ValueError, match="sizes must be at least 1"):
        NaiveCarousel(0, 1)
