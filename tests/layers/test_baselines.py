"""The baselines: their equations, and the tasks on which they win and lose."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from solutions.baselines import (
    NARX,
    CompressorState,
    HistoryCompressor,
    TimeDelayNet,
    guess_weights,
)
from solutions.layer import SequenceLayer
from solutions.rnn import RNN
from tests.layers import recipe


def sharp_compressor() -> HistoryCompressor:
    """Return a compressor whose automatizer is often right or badly wrong: both branches run."""
    layer = HistoryCompressor(3, 4, 5, tolerance=0.6).double()
    with torch.no_grad():
        layer.predict.weight *= 8
    return layer


LAYERS = {
    "tdnn": lambda: TimeDelayNet(3, 5, 2, window=3),
    "tdnn, window 1": lambda: TimeDelayNet(3, 5, 2, window=1),
    "narx": lambda: NARX(3, 5, 2, window=2, delays=3),
    "narx, shortest": lambda: NARX(3, 5, 2, window=1, delays=1),
    "compressor": sharp_compressor,
}


@pytest.fixture(params=LAYERS)
def layer(request: pytest.FixtureRequest) -> SequenceLayer:
    return LAYERS[request.param]().double()


def one_hot(batch: int, time: int, symbols: int = 3) -> Tensor:
    return nn.functional.one_hot(torch.randint(symbols, (batch, time)), symbols).double()


@pytest.mark.parametrize(("batch", "time"), [(3, 9), (1, 1), (1, 4)])
def test_step_forward_and_chunks_agree(layer: SequenceLayer, batch: int, time: int) -> None:
    recipe.check_step_forward_chunks(layer, one_hot(batch, time))
    state = recipe.map_state(torch.rand_like, layer.initial_state(batch))
    recipe.check_step_forward_chunks(layer, one_hot(batch, time), state)


def test_gradients_causality_state_dtype_and_bad_input(layer: SequenceLayer) -> None:
    x = one_hot(2, 5)
    recipe.check_gradients(layer, x)
    recipe.check_causality(layer, x)
    recipe.check_state_size(layer, x)
    recipe.check_dtypes(layer, x)
    recipe.check_bad_input(layer, 3)


def test_time_delay_net_is_a_causal_convolution() -> None:
    layer = TimeDelayNet(3, 5, 2, window=4).double()
    x = torch.randn(2, 7, 3, dtype=torch.float64)
    padded = nn.functional.pad(x.transpose(1, 2), (3, 0))
    h = torch.tanh(nn.functional.conv1d(padded, layer.weight, layer.bias))
    recipe.assert_close("y", layer(x)[0], layer.output(h.transpose(1, 2)))


@pytest.mark.parametrize("window", [1, 4])
def test_nothing_older_than_the_window_reaches_a_time_delay_net(window: int) -> None:
    layer = TimeDelayNet(3, 5, 2, window).double()
    x = torch.randn(1, 9, 3, dtype=torch.float64, requires_grad=True)
    (grad,) = torch.autograd.grad(layer(x)[0][:, -1].sum(), x)
    reached = grad.abs().sum(dim=(0, 2)) > 0
    assert reached.tolist() == [t >= 9 - window for t in range(9)]


def test_narx_is_its_recurrence_in_plain_numbers() -> None:
    layer = NARX(1, 1, 1, window=2, delays=3).double()
    w, u = layer.weight_ih.flatten(), layer.weight_hh.flatten()
    v, c = layer.output.weight.item(), layer.output.bias.item()
    x = torch.randn(6, dtype=torch.float64)
    y: list[Tensor] = []
    for t in range(6):
        net = layer.bias[0] + w[1] * x[t] + (w[0] * x[t - 1] if t >= 1 else 0)
        for k in (1, 2, 3):
            net = net + (u[3 - k] * y[t - k] if t >= k else 0)
        y.append(v * torch.tanh(net) + c)
    got = layer(x.view(1, 6, 1))[0].flatten()
    recipe.assert_close("y", got, torch.stack(y), 1e-13)


@pytest.mark.parametrize("delays", [1, 5])
def test_narx_error_jumps_over_its_delays(delays: int) -> None:
    """With only the longest delay in use, n steps back cost n / delays factors, not n."""
    layer = NARX(1, 1, 1, window=1, delays=delays).double()
    with torch.no_grad():
        for p in layer.parameters():
            p.zero_()
        layer.weight_ih.fill_(1.0)
        layer.weight_hh[0, 0, 0] = 0.5  # the oldest output
        layer.output.weight.fill_(1.0)
    x = torch.zeros(1, 21, 1, dtype=torch.float64, requires_grad=True)
    (grad,) = torch.autograd.grad(layer(x)[0][0, -1, 0], x)
    factors = 20 // delays
    assert grad[0, 0, 0].item() == pytest.approx(0.5**factors, rel=1e-12)


def train(layer: SequenceLayer, x: Tensor, target: Tensor, steps: int) -> float:
    """Return the mean squared error after ``steps`` of Adam."""
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.02)
    for _ in range(steps):
        loss = ((layer(x)[0] - target) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


def test_time_delay_net_learns_lags_inside_its_window_only() -> None:
    x = torch.randint(2, (32, 20, 1)) * 2.0 - 1
    target = torch.cat([torch.zeros(32, 3, 1), x[:, :-3]], dim=1)  # x(t-3)
    assert train(TimeDelayNet(1, 8, 1, window=4), x, target, 150) < 0.01
    assert train(TimeDelayNet(1, 8, 1, window=3), x, target, 150) > 0.7


def test_narx_learns_a_feedback_system_that_no_window_holds() -> None:
    x = torch.randn(32, 30, 1) / 4
    target = [torch.zeros(32, 1), torch.zeros(32, 1)]
    for x_t in x.unbind(1):
        target.append(0.9 * target[-2] + x_t)
    target = torch.stack(target[2:], dim=1)
    narx = train(NARX(1, 8, 1, window=1, delays=2), x, target, 100)
    window = train(TimeDelayNet(1, 8, 1, window=3), x, target, 100)
    assert narx < 0.02
    assert window > 5 * narx


def test_compressor_gives_the_chunker_the_surprises_only() -> None:
    layer = sharp_compressor()
    x = one_hot(8, 12)
    y, _ = layer(x)
    expected = torch.softmax(y[..., :3], dim=-1)
    surprise = layer.surprising(x[:, 1:], expected[:, :-1])
    assert surprise.any()
    assert not surprise.all()
    for b in range(8):
        high, last = layer.initial_state(1).high, -1
        for t in range(12):
            if t == 0 or surprise[b, t - 1]:
                # Steps that held no surprise since the last one; none before the first symbol.
                silence = torch.tensor([[float(t - last - 1)]]).double()
                told = torch.cat([x[b : b + 1, t], torch.log1p(silence)], dim=1)
                high, last = layer.chunker(told, high), t
            wanted = layer.predict_surprise(high)
            recipe.assert_close("chunker", y[b : b + 1, t, 3:], wanted, 1e-12)


def test_compressor_losses_reach_the_nets_they_are_meant_for() -> None:
    layer = sharp_compressor()
    low, high, imitation = layer.losses(one_hot(4, 8))
    own = {
        low: ("automatizer", "predict."),
        high: ("chunker", "predict_surprise"),
        imitation: ("automatizer", "imitate"),
    }
    names, values = zip(*layer.named_parameters(), strict=True)
    for loss, prefixes in own.items():
        grads = torch.autograd.grad(loss, values, allow_unused=True, retain_graph=True)
        reached = {n for n, g in zip(names, grads, strict=True) if g is not None and g.any()}
        assert reached == {n for n in names if n.startswith(prefixes)}


def test_compressor_learns_experiment_2a_by_shortening_it() -> None:
    """(y, a1 .. a9, y) or (x, a1 .. a9, x): two surprises remain, and they are neighbours."""
    middle = torch.arange(2, 11)
    ends = [torch.tensor([k]) for k in (0, 1)]
    symbols = torch.stack([torch.cat([end, middle, end]) for end in ends])
    x = nn.functional.one_hot(symbols, 11).float()
    layer = HistoryCompressor(11, 8, 8)
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.05)
    for _ in range(70):
        automatizer, chunker, _ = layer.losses(x)
        optimizer.zero_grad()
        (automatizer + chunker).backward()
        optimizer.step()
    y, _ = layer(x)
    expected = torch.softmax(y[:, :-1, :11], dim=-1)
    surprise = layer.surprising(x[:, 1:], expected)
    assert surprise.tolist() == [[False] * 9 + [True]] * 2
    assert (expected[:, -1, :2] - 0.5).abs().max() < 0.1, "the automatizer cannot tell x from y"
    assert y[:, -2, 11:].argmax(dim=-1).tolist() == [0, 1]


class Latch(nn.Module):
    """Two recurrent units and a threshold."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn, self.readout = RNN(1, 2), nn.Linear(2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.readout(self.rnn(x)[0][:, -1]).squeeze(-1)


def test_guessing_solves_a_long_lag_that_gradients_find_hard() -> None:
    """Experiment 3a in small: the class is told at the start, 100 steps of noise follow."""
    generator = torch.Generator().manual_seed(1)
    label = torch.randint(2, (64,), generator=generator) * 2.0 - 1
    x = torch.randn(64, 100, 1, generator=generator) * 0.2**0.5
    x[:, :3, 0] = label[:, None]
    net = Latch()

    def solves() -> bool:
        return bool(((net(x) > 0) == (label > 0)).all())

    guess = guess_weights(net, solves, max_guesses=500, generator=generator)
    assert guess.solved
    assert solves()
    assert all(p.abs().max() <= 10 for p in net.parameters())


def test_guessing_stops_when_told() -> None:
    calls = []
    net = nn.Linear(1, 1)
    assert guess_weights(net, lambda: bool(calls.append(1)), max_guesses=7) == (False, 7)
    assert len(calls) == 7
    assert guess_weights(net, lambda: True, max_guesses=7) == (True, 1)


def test_bad_options_are_named() -> None:
    with pytest.raises(ValueError, match="window must be at least 1, got 0"):
        TimeDelayNet(1, 1, 1, window=0)
    with pytest.raises(ValueError, match="delays must be at least 1, got 0"):
        NARX(1, 1, 1, window=1, delays=0)
    with pytest.raises(ValueError, match="low_size must be at least 1, got 0"):
        HistoryCompressor(3, 0, 1)
    with pytest.raises(ValueError, match="tolerance must lie between 0 and 1, got 1"):
        HistoryCompressor(3, 1, 1, tolerance=1.0)
    with pytest.raises(ValueError, match="max_guesses must be at least 1, got 0"):
        guess_weights(nn.Linear(1, 1), lambda: True, max_guesses=0)
    with pytest.raises(ValueError, match="scale must be above 0"):
        guess_weights(nn.Linear(1, 1), lambda: True, max_guesses=1, scale=0.0)
    with pytest.raises(ValueError, match="at least two time steps"):
        HistoryCompressor(3, 1, 1).double().losses(one_hot(2, 1))
    state = HistoryCompressor(3, 4, 5).initial_state(2)
    wrong = CompressorState(state.low, state.high, state.expected[:, :2], state.silence)
    with (
        recipe.without_shape_checks(),
        pytest.raises(ValueError, match=r"state\.expected must have shape \(2, 3\)"),
    ):
        HistoryCompressor(3, 4, 5).step(one_hot(2, 1)[:, 0].float(), wrong)
