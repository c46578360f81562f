"""Every way to a gradient, against autograd."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from solutions.carousel import LSTM1997State
from solutions.gates import GRU, LSTM
from solutions.layer import SequenceLayer
from solutions.learning import (
    Learned,
    full_bptt,
    half_squared_error,
    rtrl,
    truncated_rule_1997,
    windowed_bptt,
)
from solutions.nets1997 import LSTM1997Net, experiment_net, stack_seeds
from solutions.rnn import RNN, RNNState
from solutions.stacking import Stacked
from tests.layers import recipe

NETS = {
    "paper, error at every step": lambda: LSTM1997Net(3, 2, 2, 2),
    "outputs see inputs": lambda: LSTM1997Net(3, 2, 2, 1, connectivity="B", output_bias=False),
    "gates biased": lambda: LSTM1997Net(3, 2, 2, 3, bias="gates"),
    "no bias": lambda: LSTM1997Net(3, 2, 2, 1, bias="none"),
    "no input gate": lambda: LSTM1997Net(3, 2, 2, 2, input_gate=False),
    "no output gate": lambda: LSTM1997Net(3, 2, 2, 2, output_gate=False),
    "leaking": lambda: LSTM1997Net(3, 2, 2, 2, self_loop=0.9),
    "tanh": lambda: LSTM1997Net(3, 2, 2, 2, g="tanh", h="tanh"),
    "as in 2a": lambda: LSTM1997Net(
        3, 2, 1, g="sigmoid", h="identity", output_gate=False, recurrent=False, bias="none"
    ),
    "hard gates": lambda: LSTM1997Net(3, 2, 2, 2, gate="hard"),
}


def spread(net: LSTM1997Net) -> LSTM1997Net:
    """Return the net in float64 with weights large enough for every path to count."""
    net = net.double()
    for p in net.parameters():
        nn.init.uniform_(p, -1, 1)
    return net


def detached_everywhere(net: LSTM1997Net, x: Tensor, target: Tensor, errors: str, start) -> Learned:
    """Autograd's gradient, stepping the full-gradient twin with y(t-1) detached at each step."""
    options = {n: getattr(net.hidden, n) for n in ("self_loop", "g", "h", "gate")}
    options |= {n: getattr(net.hidden, n) for n in ("input_gate", "output_gate")}
    bias = net.hidden.bias
    units = 0 if bias is None else len(bias)
    twin = LSTM1997Net(
        3,
        2,
        net.hidden.blocks,
        net.hidden.block_size,
        connectivity=net.connectivity,
        output_bias=net.bias_out is not None,
        bias="none" if bias is None else "all" if units == net.hidden.units else "gates",
        recurrent=net.hidden.weight_hh is not None,
        truncated=False,
        **options,
    ).double()
    twin.load_state_dict(net.state_dict())
    state, outputs = start, []
    for x_t in x.unbind(1):
        o, state = twin.step(x_t, LSTM1997State(state.s, state.y.detach()))
        outputs.append(o)
    o, steps = torch.stack(outputs, dim=1), slice(-1 if errors == "last" else 0, None)
    loss = half_squared_error(o[:, steps], target[:, steps])
    names, values = zip(*twin.named_parameters(), strict=True)
    grads = torch.autograd.grad(loss, values, materialize_grads=True)
    return Learned(loss, dict(zip(names, grads, strict=True)), state)


@pytest.mark.parametrize("errors", ["every", "last"])
@pytest.mark.parametrize(("batch", "time"), [(3, 7), (1, 1), (1, 30)])
@pytest.mark.parametrize("make", NETS.values(), ids=NETS)
def test_traces_equal_autograd_with_every_recurrent_activation_detached(
    make, batch: int, time: int, errors: str
) -> None:
    net = spread(make())
    x = torch.randn(batch, time, 3, dtype=torch.float64)
    target = torch.rand(batch, time, 2, dtype=torch.float64)
    got = truncated_rule_1997(net, x, target, errors)
    wanted = detached_everywhere(net, x, target, errors, net.initial_state(batch))
    layers_own = torch.autograd.grad(
        half_squared_error(net(x)[0][:, -1:], target[:, -1:])
        if errors == "last"
        else half_squared_error(net(x)[0], target),
        list(net.parameters()),
        materialize_grads=True,
    )
    recipe.assert_close("loss", got.loss, wanted.loss, 1e-12)
    assert got.gradients.keys() == dict(net.named_parameters()).keys()
    for (name, p), own in zip(net.named_parameters(), layers_own, strict=True):
        assert got.gradients[name].shape == p.shape
        recipe.assert_close(name, got.gradients[name], wanted.gradients[name], 1e-12)
        recipe.assert_close(name, own, wanted.gradients[name], 1e-12)
    for t, other in zip(got.state, wanted.state, strict=True):
        recipe.assert_close("state", t, other, 1e-12)


@pytest.mark.parametrize("name", ["adding", "reber-3x2", "order-4"])
def test_traces_agree_on_the_papers_own_nets(name: str) -> None:
    net = experiment_net(name).double()
    x = torch.randn(1, 25, net.hidden.input_size, dtype=torch.float64)
    target = torch.rand(1, 25, net.weight_out.shape[0], dtype=torch.float64)
    got, wanted = truncated_rule_1997(net, x, target), full_bptt(net, x, target)
    for key, gradient in wanted.gradients.items():
        recipe.assert_close(key, got.gradients[key], gradient, 1e-12)


def test_traces_go_on_from_a_state_as_from_a_constant() -> None:
    net = spread(NETS["paper, error at every step"]())
    x, target = torch.randn(2, 6, 3).double(), torch.rand(2, 6, 2).double()
    start = LSTM1997State(torch.randn(2, 4).double(), torch.rand(2, 8).double())
    got = truncated_rule_1997(net, x, target, state=start)
    wanted = detached_everywhere(net, x, target, "every", start)
    for name, gradient in wanted.gradients.items():
        recipe.assert_close(name, got.gradients[name], gradient, 1e-12)


LAYERS = {
    "elman": lambda: RNN(3, 4),
    "relu": lambda: RNN(3, 4, nonlinearity="relu"),
    "lstm": lambda: LSTM(3, 4),
    "stack": lambda: Stacked([GRU(3, 4), LSTM(4, 4)]),
    "net of 1997": lambda: LSTM1997Net(3, 4, 2, truncated=False),
}


@pytest.fixture(params=LAYERS)
def layer(request: pytest.FixtureRequest) -> SequenceLayer:
    return LAYERS[request.param]().double()


def sequence(batch: int, time: int) -> tuple[Tensor, Tensor]:
    x = torch.randn(batch, time, 3, dtype=torch.float64)
    return x, torch.randn(batch, time, 4, dtype=torch.float64)


def test_full_bptt_is_the_derivative_of_the_loss(layer: SequenceLayer) -> None:
    """Against central differences, in a random direction of weight space."""
    x, target = sequence(2, 5)
    learned = full_bptt(layer, x, target)
    direction = {n: torch.randn_like(p) for n, p in layer.named_parameters()}

    def loss(step: float) -> Tensor:
        moved = {n: p.detach() + step * direction[n] for n, p in layer.named_parameters()}
        return half_squared_error(torch.func.functional_call(layer, moved, (x,))[0], target)

    slope = (loss(1e-5) - loss(-1e-5)) / 2e-5
    wanted = sum((learned.gradients[n] * d).sum() for n, d in direction.items())
    recipe.assert_close("loss", learned.loss, loss(0.0))
    torch.testing.assert_close(slope, wanted, rtol=1e-7, atol=1e-7)
    assert not any(t.requires_grad for t in recipe.tensors(learned.state))


@pytest.mark.parametrize("window", [1, 2, 3, 5, 7, 20])
def test_windows_cut_error_and_carry_state(layer: SequenceLayer, window: int) -> None:
    x, target = sequence(2, 7)
    got = windowed_bptt(layer, x, target, window)
    state, outputs = None, []
    for t, x_t in enumerate(x.split(1, dim=1)):
        if t % window == 0 and state is not None:
            state = recipe.map_state(torch.detach, state)
        y, state = layer(x_t, state)
        outputs.append(y)
    half_squared_error(torch.cat(outputs, dim=1), target).backward()
    for name, p in layer.named_parameters():
        grad = torch.zeros_like(p) if p.grad is None else p.grad
        recipe.assert_close(name, got.gradients[name], grad, 1e-12)
    whole = full_bptt(layer, x, target)
    recipe.assert_close("loss", got.loss, whole.loss, 1e-12)
    for t, other in zip(recipe.tensors(got.state), recipe.tensors(whole.state), strict=True):
        recipe.assert_close("state", t, other, 1e-12)
    equal = all(torch.allclose(got.gradients[n], g, atol=1e-9) for n, g in whole.gradients.items())
    assert equal is (window >= 7)


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
@pytest.mark.parametrize(("batch", "time"), [(2, 9), (1, 1)])
def test_rtrl_equals_full_bptt(nonlinearity: str, batch: int, time: int) -> None:
    layer = RNN(3, 4, nonlinearity).double()
    x, target = sequence(batch, time)
    state = RNNState(torch.randn(batch, 4, dtype=torch.float64))

    def quartic(y: Tensor, target: Tensor) -> Tensor:
        return ((y - target) ** 4).sum()

    for options in ({}, {"state": state}, {"loss": quartic}):
        got, wanted = rtrl(layer, x, target, **options), full_bptt(layer, x, target, **options)
        recipe.assert_close("loss", got.loss, wanted.loss, 1e-12)
        recipe.assert_close("state", got.state.h, wanted.state.h, 1e-12)
        assert got.gradients.keys() == wanted.gradients.keys()
        for name, gradient in wanted.gradients.items():
            recipe.assert_close(name, got.gradients[name], gradient, 1e-12)


def test_parameters_that_are_frozen_get_no_gradient() -> None:
    layer = RNN(3, 4).double()
    layer.cell.bias.requires_grad_(False)
    assert full_bptt(layer, *sequence(1, 2)).gradients.keys() == {
        "cell.weight_ih",
        "cell.weight_hh",
    }


def test_bad_input_is_named() -> None:
    layer, net = RNN(3, 4).double(), LSTM1997Net(3, 4, 2).double()
    x, target = sequence(2, 5)
    with recipe.without_shape_checks():
        for learn in (full_bptt, rtrl, lambda *a: windowed_bptt(*a, window=2)):
            with pytest.raises(ValueError, match=r"target must have shape \(2, 5, \.\.\.\)"):
                learn(layer, x, target[:, :4])
            with pytest.raises(ValueError, match=r"x must have shape"):
                learn(layer, x[0], target)
        with pytest.raises(ValueError, match="window must be at least 1 step, got 0"):
            windowed_bptt(layer, x, target, 0)
        with pytest.raises(ValueError, match=r"target must have shape \(2, 5, 4\)"):
            truncated_rule_1997(net, x, target[..., :3])
        with pytest.raises(ValueError, match="errors must be 'every' or 'last'"):
            truncated_rule_1997(net, x, target, "first")
        with pytest.raises(ValueError, match="got a stack of seeds"):
            truncated_rule_1997(stack_seeds([net, net]), x, target)
        with pytest.raises(ValueError, match=r"state\.s must have shape \(2, 2\)"):
            truncated_rule_1997(net, x, target, state=net.initial_state(3))
        with pytest.raises(TypeError, match=r"x must be torch\.float64"):
            rtrl(layer, x.float(), target)
