"""The recurrent layers without gates, against torch.nn.RNN and automatic differentiation."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from solutions.layer import unroll
from solutions.rnn import (
    RNN,
    BPTTGradients,
    JordanRNN,
    RNNCell,
    RNNState,
    bptt,
    identity_start,
    jacobian_norms,
    orthogonal_start,
)
from tests.layers import recipe

DOUBLE = torch.float64
SIZES = [(4, 7, 3, 5), (1, 1, 1, 1), (1, 5, 2, 4), (3, 1, 4, 2)]  # batch, time, input, hidden


def oracle_of(layer: RNN) -> nn.RNN:
    """Return torch's layer with the weights of ours; its second bias is zero."""
    cell = layer.cell
    oracle = nn.RNN(
        cell.input_size, cell.hidden_size, nonlinearity=cell.nonlinearity, batch_first=True
    ).to(cell.weight_ih.dtype)
    with torch.no_grad():
        oracle.weight_ih_l0.copy_(cell.weight_ih)
        oracle.weight_hh_l0.copy_(cell.weight_hh)
        oracle.bias_ih_l0.copy_(cell.bias)
        oracle.bias_hh_l0.zero_()
    return oracle


class TestRNN:
    @pytest.mark.parametrize(("batch", "time", "inputs", "hidden"), SIZES)
    @pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
    @pytest.mark.parametrize(("dtype", "atol"), [(DOUBLE, 1e-10), (torch.float32, 1e-5)])
    def test_values_and_gradients_agree_with_torch(
        self,
        batch: int,
        time: int,
        inputs: int,
        hidden: int,
        nonlinearity: str,
        dtype: torch.dtype,
        atol: float,
    ) -> None:
        layer = RNN(inputs, hidden, nonlinearity).to(dtype)
        oracle = oracle_of(layer)
        x, h0 = torch.randn(batch, time, inputs, dtype=dtype), torch.randn(batch, hidden).to(dtype)
        weight = torch.randn(batch, time, hidden, dtype=dtype)
        ours = [x.clone().requires_grad_(), h0.clone().requires_grad_()]
        theirs = [x.clone().requires_grad_(), h0.clone().requires_grad_()]
        y, state = layer(ours[0], RNNState(ours[1]))
        z, last = oracle(theirs[0], theirs[1].unsqueeze(0))
        recipe.assert_close("output", y, z, atol)
        recipe.assert_close("last state", state.h, last[0], atol)
        ((y * weight).sum() + state.h.sum()).backward()
        ((z * weight).sum() + last.sum()).backward()
        pairs = {
            "x": (ours[0], theirs[0]),
            "h0": (ours[1], theirs[1]),
            "weight_ih": (layer.cell.weight_ih, oracle.weight_ih_l0),
            "weight_hh": (layer.cell.weight_hh, oracle.weight_hh_l0),
            "bias": (layer.cell.bias, oracle.bias_ih_l0),
        }
        for name, (mine, other) in pairs.items():
            assert mine.grad is not None
            assert other.grad is not None
            recipe.assert_close(f"gradient of {name}", mine.grad, other.grad, atol * 10)

    @pytest.mark.parametrize(("batch", "time", "inputs", "hidden"), SIZES)
    def test_step_forward_and_chunks_agree(
        self, batch: int, time: int, inputs: int, hidden: int
    ) -> None:
        layer = RNN(inputs, hidden).double()
        x = torch.randn(batch, time, inputs, dtype=DOUBLE)
        recipe.check_step_forward_chunks(layer, x)
        recipe.check_step_forward_chunks(layer, x, RNNState(torch.randn(batch, hidden).double()))

    def test_gradcheck(self) -> None:
        start = RNNState(torch.randn(2, 4, dtype=DOUBLE))
        recipe.check_gradients(RNN(3, 4).double(), torch.randn(2, 3, 3, dtype=DOUBLE), start)

    def test_causality_state_dtypes_and_bad_input(self) -> None:
        layer = RNN(3, 4).double()
        x = torch.randn(2, 9, 3, dtype=DOUBLE)
        recipe.check_causality(layer, x)
        recipe.check_state_size(layer, x)
        recipe.check_dtypes(layer, x)
        recipe.check_bad_input(layer, 3)

    def test_sequences_of_a_batch_do_not_mix(self) -> None:
        layer = RNN(3, 4).double()
        x, order = torch.randn(5, 6, 3, dtype=DOUBLE), torch.tensor([3, 0, 4, 1, 2])
        recipe.assert_close("permuted batch", layer(x[order])[0], layer(x)[0][order])

    def test_starts_from_zeros(self) -> None:
        layer = RNN(3, 4).double()
        state = layer.initial_state(5)
        assert isinstance(state, RNNState)
        assert torch.equal(state.h, torch.zeros(5, 4, dtype=DOUBLE))
        x = torch.randn(5, 2, 3, dtype=DOUBLE)
        assert torch.equal(layer(x)[0], layer(x, state)[0])

    def test_a_saturated_unit_passes_nothing_and_stays_finite(self) -> None:
        layer = RNN(1, 2).double()
        x = torch.full((1, 3, 1), 1e6, dtype=DOUBLE, requires_grad=True)
        y, _ = layer(x)
        y.sum().backward()
        assert x.grad is not None
        assert torch.equal(y.abs(), torch.ones_like(y))
        assert torch.equal(x.grad, torch.zeros_like(x))

    @settings(max_examples=25, deadline=None)
    @given(
        sizes=st.tuples(*[st.integers(1, 4)] * 2, st.integers(2, 9)),
        cut=st.integers(1, 8),
        seed=st.integers(0, 2**31),
    )
    def test_a_cut_anywhere_changes_nothing(
        self, sizes: tuple[int, int, int], cut: int, seed: int
    ) -> None:
        batch, inputs, time = sizes
        cut = 1 + cut % (time - 1) if time > 2 else 1
        torch.manual_seed(seed)
        layer = RNN(inputs, 3).double()
        x = torch.randn(batch, time, inputs, dtype=DOUBLE)
        y, state = layer(x)
        z, end = recipe.in_chunks(layer, x, layer.initial_state(batch), [cut, time - cut])
        recipe.assert_close("outputs", z, y)
        recipe.assert_close("state", end.h, state.h)


class TestRNNCell:
    def test_starting_values_fill_their_range(self) -> None:
        cell = RNNCell(40, 64)
        for parameter in cell.parameters():
            largest = parameter.abs().max().item()
            assert 0.9 / 8 < largest <= 1 / 8
            assert parameter.min() < 0 < parameter.max()

    @pytest.mark.parametrize("sizes", [(0, 3), (3, 0), (-1, 2)])
    def test_sizes_below_one_are_refused(self, sizes: tuple[int, int]) -> None:
        with pytest.raises(ValueError, match="sizes must be at least 1"):
            RNNCell(*sizes)

    def test_an_unknown_nonlinearity_is_refused(self) -> None:
        with pytest.raises(ValueError, match="must be 'tanh' or 'relu', got 'sigmoid'"):
            RNNCell(2, 3, "sigmoid")


class TestJordanRNN:
    def test_values_agree_with_the_equations(self) -> None:
        layer = JordanRNN(3, 5, 2).double()
        x, y = torch.randn(4, 6, 3, dtype=DOUBLE), torch.zeros(4, 2, dtype=DOUBLE)
        got, state = layer(x)
        for t in range(6):
            a = x[:, t] @ layer.input.weight.T + layer.input.bias + y @ layer.feedback.weight.T
            y = 1 / (1 + torch.exp(-(torch.tanh(a) @ layer.output.weight.T + layer.output.bias)))
            recipe.assert_close(f"output {t}", got[:, t], y)
        assert torch.equal(state.y, got[:, -1])

    def test_the_recipe(self) -> None:
        layer = JordanRNN(3, 4, 2).double()
        x = torch.randn(2, 5, 3, dtype=DOUBLE)
        start = layer.initial_state(2)._replace(y=torch.rand(2, 2, dtype=DOUBLE))
        recipe.check_step_forward_chunks(layer, x, start)
        recipe.check_gradients(layer, x[:, :3], start)
        recipe.check_causality(layer, x)
        recipe.check_state_size(layer, x)
        recipe.check_dtypes(layer, x)
        recipe.check_bad_input(layer, 3)

    def test_sizes_below_one_are_refused(self) -> None:
        with pytest.raises(ValueError, match="got 3, 0 and 2"):
            JordanRNN(3, 0, 2)


class TestBPTT:
    @staticmethod
    def _by_autograd(
        x: Tensor, h0: Tensor, layer: RNN, grad_h: Tensor
    ) -> tuple[Tensor, BPTTGradients]:
        x, h0 = x.clone().requires_grad_(), h0.clone().requires_grad_()
        h, _ = layer(x, RNNState(h0))
        cell = layer.cell
        wanted = [x, h0, cell.weight_ih, cell.weight_hh, cell.bias]
        return h.detach(), BPTTGradients(*torch.autograd.grad((h * grad_h).sum(), wanted))

    @settings(max_examples=25, deadline=None)
    @given(
        sizes=st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 4), st.integers(1, 5)),
        seed=st.integers(0, 2**31),
    )
    def test_agrees_with_autograd(self, sizes: tuple[int, int, int, int], seed: int) -> None:
        batch, time, inputs, hidden = sizes
        torch.manual_seed(seed)
        layer = RNN(inputs, hidden).double()
        x, h0 = torch.randn(batch, time, inputs).double(), torch.randn(batch, hidden).double()
        grad_h = torch.randn(batch, time, hidden).double()
        h, wanted = self._by_autograd(x, h0, layer, grad_h)
        given_tensors = (x, h0, h, layer.cell.weight_ih, layer.cell.weight_hh, grad_h)
        before = [t.detach().clone() for t in given_tensors]
        with torch.no_grad():
            got = bptt(*given_tensors)
        for name in BPTTGradients._fields:
            recipe.assert_close(name, getattr(got, name), getattr(wanted, name))
        assert all(torch.equal(a, b) for a, b in zip(given_tensors, before, strict=True))

    def test_float32(self) -> None:
        layer = RNN(3, 5)
        x, h0, grad_h = torch.randn(2, 20, 3), torch.randn(2, 5), torch.randn(2, 20, 5)
        h, wanted = self._by_autograd(x, h0, layer, grad_h)
        with torch.no_grad():
            got = bptt(x, h0, h, layer.cell.weight_ih, layer.cell.weight_hh, grad_h)
        for mine, other in zip(got, wanted, strict=True):
            assert mine.dtype == torch.float32
            torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-5)


class TestJacobianNorms:
    def test_agrees_with_autograd_at_every_lag(self) -> None:
        torch.manual_seed(3)
        layer = RNN(3, 4).double()
        x = torch.randn(1, 6, 3, dtype=DOUBLE)
        h, _ = layer(x)
        norms = jacobian_norms(h[0].detach(), layer.cell.weight_hh.detach())
        assert norms.shape == (6,)
        for lag in range(6):

            def last(state: Tensor, lag: int = lag) -> Tensor:
                for t in range(6 - lag, 6):
                    state = layer.cell(x[:, t], state)
                return state

            jacobian = torch.autograd.functional.jacobian(last, h[:, 5 - lag].detach())
            wanted = torch.linalg.matrix_norm(jacobian.squeeze(), ord=2)
            recipe.assert_close(f"lag {lag}", norms[lag], wanted)

    def test_one_state_and_float32(self) -> None:
        norms = jacobian_norms(torch.randn(1, 3), torch.randn(3, 3))
        assert norms.dtype == torch.float32
        assert norms.tolist() == [1.0]

    def test_never_above_the_power_of_the_norm(self) -> None:
        weight = torch.randn(5, 5, dtype=DOUBLE)
        norms = jacobian_norms(torch.rand(12, 5, dtype=DOUBLE), weight)
        bound = torch.linalg.matrix_norm(weight, ord=2) ** torch.arange(12)
        assert (norms <= bound * (1 + 1e-12)).all()

    def test_grows_without_eigenvalues(self) -> None:
        weight = 4 * torch.tensor([[1.0, -1.0], [1.0, -1.0]], dtype=DOUBLE)
        assert torch.linalg.eigvals(weight).abs().max() < 1e-6
        norms = jacobian_norms(torch.tensor([0.0, 1.0]).double().expand(21, 2), weight)
        assert norms[20] > 1e10


class TestStarts:
    @pytest.mark.parametrize("gain", [1.0, 0.7])
    def test_orthogonal(self, gain: float) -> None:
        layer = RNN(3, 6).double()
        assert orthogonal_start(layer, gain) is layer
        values = torch.linalg.svdvals(layer.cell.weight_hh)
        recipe.assert_close("singular values", values, torch.full_like(values, gain))
        assert not layer.cell.bias.any()

    def test_identity_copies_its_state_and_adds_its_input(self) -> None:
        layer = identity_start(RNN(2, 3, "relu").double())
        with torch.no_grad():
            layer.cell.weight_ih.fill_(1.0)
        y, _ = layer(torch.ones(1, 5, 2, dtype=DOUBLE))
        assert y[0, :, 0].tolist() == [2, 4, 6, 8, 10]
        assert not layer.cell.bias.any()
        scaled = identity_start(RNN(2, 3), 0.5).cell.weight_hh
        assert torch.equal(scaled, 0.5 * torch.eye(3))


def test_unroll_is_the_definition_of_forward() -> None:
    layer = RNN(2, 3).double()
    x = torch.randn(2, 4, 2, dtype=DOUBLE)
    assert torch.equal(unroll(layer, x)[0], layer(x)[0])
