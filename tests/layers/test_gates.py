"""Gated layers against torch.nn, their equations in plain numbers, and their limits."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from solutions.gates import (
    GRU,
    LSTM,
    CoupledLSTM,
    GRUState,
    LSTMCell,
    LSTMState,
    PeepholeLSTM,
    chrono_start,
)
from solutions.layer import SequenceLayer
from tests.layers import recipe

LAYERS = {
    "lstm": lambda: LSTM(3, 4),
    "peephole": lambda: PeepholeLSTM(3, 4),
    "coupled": lambda: CoupledLSTM(3, 4),
    "gru after": lambda: GRU(3, 4, reset="after"),
    "gru before": lambda: GRU(3, 4, reset="before"),
}
SHAPES = [(3, 7), (1, 1), (1, 5), (2, 4)]


@pytest.fixture(params=LAYERS)
def layer(request: pytest.FixtureRequest) -> SequenceLayer:
    return LAYERS[request.param]().double()


def random_state(layer: SequenceLayer, batch: int) -> LSTMState | GRUState:
    return recipe.map_state(torch.randn_like, layer.initial_state(batch))


def compare(
    layer: SequenceLayer, pairs: dict[str, Tensor], oracle: nn.Module, batch: int, time: int
):
    """Outputs, final states and gradients of x, states and every parameter, against torch.nn.

    ``pairs`` names our parameters and says where the oracle's gradient for each is found.
    """
    x = torch.randn(batch, time, 3, dtype=torch.float64, requires_grad=True)
    start = recipe.map_state(lambda t: t.requires_grad_(), random_state(layer, batch))
    other_x = x.detach().clone().requires_grad_()
    other_start = [t.detach()[None].clone().requires_grad_() for t in start]
    y, final = layer(x, start)
    given = tuple(other_start) if len(other_start) == 2 else other_start[0]
    other_y, other_final = oracle(other_x, given)
    recipe.assert_close("y", y, other_y)
    other_final = other_final if isinstance(other_final, tuple) else (other_final,)
    for t, other in zip(final, other_final, strict=True):
        recipe.assert_close("final state", t, other[0])
    weight = torch.randn_like(y)
    ((y * weight).sum() + sum(t.pow(2).sum() for t in final)).backward()
    ((other_y * weight).sum() + sum(t.pow(2).sum() for t in other_final)).backward()
    recipe.assert_close("gradient of x", x.grad, other_x.grad)
    for t, other in zip(start, other_start, strict=True):
        recipe.assert_close("gradient of the initial state", t.grad, other.grad[0])
    assert pairs.keys() == dict(layer.named_parameters()).keys()
    for name, oracle_parameter in pairs.items():
        recipe.assert_close(name, layer.get_parameter(name).grad, oracle_parameter())


@pytest.mark.parametrize(("batch", "time"), SHAPES)
def test_lstm_agrees_with_torch(batch: int, time: int) -> None:
    ours, oracle = LSTM(3, 4).double(), nn.LSTM(3, 4, batch_first=True).double()
    with torch.no_grad():
        ours.cell.weight_ih.copy_(oracle.weight_ih_l0)
        ours.cell.weight_hh.copy_(oracle.weight_hh_l0)
        ours.cell.bias.copy_(oracle.bias_ih_l0 + oracle.bias_hh_l0)
    grads = {
        "cell.weight_ih": lambda: oracle.weight_ih_l0.grad,
        "cell.weight_hh": lambda: oracle.weight_hh_l0.grad,
        "cell.bias": lambda: oracle.bias_ih_l0.grad,
    }
    compare(ours, grads, oracle, batch, time)


@pytest.mark.parametrize(("batch", "time"), SHAPES)
def test_gru_agrees_with_torch(batch: int, time: int) -> None:
    ours, oracle = GRU(3, 4).double(), nn.GRU(3, 4, batch_first=True).double()
    with torch.no_grad():
        ours.weight_ih.copy_(oracle.weight_ih_l0)
        ours.weight_hh.copy_(oracle.weight_hh_l0)
        # Outside the candidate, torch's two biases count only by their sum.
        ours.bias.copy_(oracle.bias_ih_l0)
        ours.bias[:8] += oracle.bias_hh_l0[:8]
        ours.bias_h.copy_(oracle.bias_hh_l0[8:])
    grads = {
        "weight_ih": lambda: oracle.weight_ih_l0.grad,
        "weight_hh": lambda: oracle.weight_hh_l0.grad,
        "bias": lambda: oracle.bias_ih_l0.grad,
        "bias_h": lambda: oracle.bias_hh_l0.grad[8:],
    }
    compare(ours, grads, oracle, batch, time)


def test_cell_is_one_step_of_torchs() -> None:
    cell, oracle = LSTMCell(3, 5).double(), nn.LSTMCell(3, 5).double()
    oracle.load_state_dict(
        {
            "weight_ih": cell.weight_ih,
            "weight_hh": cell.weight_hh,
            "bias_ih": cell.bias,
            "bias_hh": torch.zeros_like(cell.bias),
        }
    )
    x, h, c = (torch.randn(2, n, dtype=torch.float64) for n in (3, 5, 5))
    for got, wanted in zip(cell(x, h, c), oracle(x, (h, c)), strict=True):
        recipe.assert_close("h, c", got, wanted)


def s(a: float) -> float:
    return 1 / (1 + math.exp(-a))


def test_variants_agree_with_their_equations_in_plain_numbers() -> None:
    """One unit, one input: every gate by hand, over three tokens."""
    x = [0.7, -1.2, 0.4]
    peephole, coupled = PeepholeLSTM(1, 1).double(), CoupledLSTM(1, 1).double()
    before, after = GRU(1, 1, reset="before").double(), GRU(1, 1, reset="after").double()

    def nets(W: Tensor, U: Tensor, b: Tensor, x: float, h: float) -> list[float]:
        parts = zip(W.flatten().tolist(), U.flatten().tolist(), b.tolist(), strict=True)
        return [w * x + u * h + b for w, u, b in parts]

    h = c = 0.0
    cell = peephole.cell
    p_i, p_f, p_o = cell.peephole.flatten().tolist()
    peephole_h = []
    for v in x:
        i, f, g, o = nets(cell.weight_ih, cell.weight_hh, cell.bias, v, h)
        c_new = s(f + p_f * c) * c + s(i + p_i * c) * math.tanh(g)
        c, h = c_new, s(o + p_o * c_new) * math.tanh(c_new)
        peephole_h.append(h)
    h = c = 0.0
    cell, coupled_h = coupled.cell, []
    for v in x:
        f, g, o = nets(cell.weight_ih, cell.weight_hh, cell.bias, v, h)
        c = s(f) * c + (1 - s(f)) * math.tanh(g)
        h = s(o) * math.tanh(c)
        coupled_h.append(h)
    gru_h: dict[str, list[float]] = {}
    for gru in (before, after):
        h, gru_h[gru.reset] = 0.0, []
        u_n = gru.weight_hh[2].item()
        for v in x:
            r, z, n = nets(gru.weight_ih, gru.weight_hh, gru.bias, v, h)
            n -= u_n * h
            inside = u_n * (s(r) * h) if gru is before else s(r) * (u_n * h + gru.bias_h.item())
            h = (1 - s(z)) * math.tanh(n + inside) + s(z) * h
            gru_h[gru.reset].append(h)
    token = torch.tensor(x, dtype=torch.float64).view(1, 3, 1)
    for name, layer, wanted in [
        ("peephole", peephole, peephole_h),
        ("coupled", coupled, coupled_h),
        ("before", before, gru_h["before"]),
        ("after", after, gru_h["after"]),
    ]:
        wanted = torch.tensor(wanted, dtype=torch.float64)
        recipe.assert_close(name, layer(token)[0].flatten(), wanted, 1e-13)


def test_a_peephole_lstm_with_shut_peepholes_is_an_lstm() -> None:
    plain, peephole = LSTM(3, 4).double(), PeepholeLSTM(3, 4).double()
    peephole.load_state_dict(plain.state_dict() | {"cell.peephole": torch.zeros(3, 4)})
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    recipe.assert_close("y", peephole(x)[0], plain(x)[0], 1e-14)


@pytest.mark.parametrize(("batch", "time"), SHAPES)
def test_step_forward_and_chunks_agree(layer: SequenceLayer, batch: int, time: int) -> None:
    x = torch.randn(batch, time, 3, dtype=torch.float64)
    recipe.check_step_forward_chunks(layer, x)
    recipe.check_step_forward_chunks(layer, x, random_state(layer, batch))


@pytest.mark.parametrize("level", [-30.0, 30.0], ids=["closed", "open"])
def test_agreement_holds_with_gates_shut_and_wide_open(layer: SequenceLayer, level: float) -> None:
    owner = layer.cell if isinstance(layer, LSTM) else layer
    with torch.no_grad():
        owner.bias += level
    recipe.check_step_forward_chunks(layer, torch.randn(2, 5, 3, dtype=torch.float64))


def test_gradients_causality_state_dtype_and_bad_input(layer: SequenceLayer) -> None:
    x = torch.randn(2, 4, 3, dtype=torch.float64)
    recipe.check_gradients(layer, x, random_state(layer, 2))
    recipe.check_causality(layer, x)
    recipe.check_state_size(layer, x)
    recipe.check_dtypes(layer, x)
    recipe.check_bad_input(layer, 3)


def test_compiles_into_one_graph() -> None:
    recipe.check_compiles(LSTM(3, 4).double(), torch.randn(2, 3, 3, dtype=torch.float64))


def test_forget_gate_wide_open_makes_a_carousel() -> None:
    """With f = 1 and no recurrent weights dc(T)/dc(0) is the identity, at any distance."""
    layer = LSTM(3, 2, forget_bias=50.0).double()
    nn.init.zeros_(layer.cell.weight_hh)
    x = torch.randn(1, 200, 3, dtype=torch.float64)

    def last(c: Tensor) -> Tensor:
        return layer(x, LSTMState(torch.zeros_like(c)[None], c[None]))[1].c[0]

    jacobian = torch.autograd.functional.jacobian(last, torch.randn(2, dtype=torch.float64))
    recipe.assert_close("jacobian", jacobian, torch.eye(2, dtype=torch.float64), 1e-12)


@pytest.mark.parametrize("kind", [LSTM, PeepholeLSTM, CoupledLSTM])
def test_forget_bias_sets_the_forget_gate_and_nothing_else(kind: type[LSTM]) -> None:
    layer = kind(3, 4, forget_bias=5.0)
    start = 0 if kind is CoupledLSTM else 4
    assert layer.cell.bias[start : start + 4].tolist() == [5.0] * 4
    assert (layer.cell.bias == 5.0).sum() == 4


def test_chrono_start_spreads_memory_over_the_wanted_lengths() -> None:
    for make in (LSTM, CoupledLSTM, GRU):
        layer = make(1, 2000)
        owner = layer.cell if isinstance(layer, LSTM) else layer
        before = {name: p.detach().clone() for name, p in layer.named_parameters()}
        assert chrono_start(layer, longest=101) is layer
        keep = slice(0, 2000) if make is CoupledLSTM else slice(2000, 4000)
        u = owner.bias[keep].exp()
        assert 1 <= u.min() < 2
        assert 99 < u.max() <= 100.01
        assert abs(u.mean().item() - 50.5) < 3
        changed = torch.zeros_like(owner.bias, dtype=torch.bool)
        changed[keep] = True
        if make is LSTM:
            assert torch.equal(owner.bias[:2000], -owner.bias[2000:4000])
            changed[:2000] = True
        for name, p in layer.named_parameters():
            if name.endswith("bias"):
                assert torch.equal(p[~changed], before[name][~changed])
            else:
                assert torch.equal(p, before[name])


def test_bad_options_are_named() -> None:
    for make in (lambda: LSTM(0, 1), lambda: GRU(1, 0), lambda: PeepholeLSTM(1, -1)):
        with pytest.raises(ValueError, match="sizes must be at least 1"):
            make()
    with pytest.raises(ValueError, match="reset must be 'before' or 'after', got 'late'"):
        GRU(1, 1, reset="late")
    with pytest.raises(ValueError, match="longest must be at least 2 steps, got 1"):
        chrono_start(LSTM(1, 1), longest=1)
