"""The 1997 experiments' nets: their size, their outputs, and many of them at once."""

from __future__ import annotations

import pytest
import torch

from solutions.nets1997 import (
    EXPERIMENTS,
    LSTM1997Net,
    experiment_net,
    stack_seeds,
    unstack_seeds,
)
from tests.layers import recipe

# Hochreiter & Schmidhuber 1997, the columns of weights in the tables of section 5.
WEIGHTS = {
    "reber-4x1": 264,
    "reber-3x2": 276,
    "two-sequences": 10504,
    "random-middle": 10504,
    "distractors-50": 364,
    "distractors-100": 664,
    "distractors-200": 1264,
    "distractors-500": 3064,
    "distractors-1000": 6064,
    "signal": 102,
    "noisy-signal": 102,
    "noisy-target": 102,
    "adding": 93,
    "multiplication": 93,
    "order-4": 156,
    "order-8": 308,
}
CHANGES = [{}, {"truncated": False}, {"self_loop": 0.99}]


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_weight_counts_are_the_papers(name: str) -> None:
    assert sum(p.numel() for p in experiment_net(name).parameters()) == WEIGHTS[name]


# Table 10 and sections 5.1 to 5.6: input-gate biases, output-gate biases (None: random), range
# of the random start, learning rate.
STARTS = {
    "reber-4x1": (None, [-1, -2, -3, -4], 0.2, 0.5),
    "reber-3x2": (None, [-1, -2, -3], 0.2, 0.5),
    "distractors-50": (None, None, 0.2, 0.01),
    "signal": ([-1, -3, -5], [-2, -4, -6], 0.1, 1.0),
    "noisy-target": ([-1, -3, -5], [-2, -4, -6], 0.1, 0.1),
    "adding": ([-3, -6], None, 0.1, 0.5),
    "multiplication": (None, None, 0.1, 0.1),
    "order-4": ([-2, -4], None, 0.1, 0.5),
    "order-8": ([-2, -4, -6], None, 0.1, 0.1),
}


@pytest.mark.parametrize("name", STARTS)
def test_nets_start_as_the_papers_do(name: str) -> None:
    input_gates, output_gates, init_range, rate = STARTS[name]
    net, blocks = experiment_net(name), EXPERIMENTS[name].blocks
    assert EXPERIMENTS[name].rate == rate
    drawn = [net.hidden.weight_ih, net.hidden.weight_hh, net.weight_out]
    drawn += [] if net.bias_out is None else [net.bias_out]
    if net.hidden.bias is not None:
        *rest, gates_in, gates_out = net.hidden.bias.split(
            [len(net.hidden.bias) - 2 * blocks, blocks, blocks]
        )
        for ladder, biases in ((input_gates, gates_in), (output_gates, gates_out)):
            if ladder is None:
                rest.append(biases)
            else:
                assert biases.tolist() == ladder
        drawn += [biases for biases in rest if len(biases)]
    assert all(0 < values.abs().max() <= init_range for values in drawn)
    assert torch.cat([values.flatten() for values in drawn]).abs().max() > 0.9 * init_range


@pytest.mark.parametrize("connectivity", ["F", "B"])
@pytest.mark.parametrize("output_bias", [True, False])
def test_outputs_see_what_their_connectivity_says(connectivity: str, output_bias: bool) -> None:
    net = LSTM1997Net(
        3, 2, 2, 2, connectivity=connectivity, output_bias=output_bias, truncated=False
    ).double()
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    seen = net.hidden(x)[0]
    if connectivity == "B":
        seen = torch.cat([seen, x], dim=-1)
    wanted = torch.sigmoid(
        torch.nn.functional.linear(seen, net.weight_out, net.bias_out if output_bias else None)
    )
    recipe.assert_close("o", net(x)[0], wanted)
    recipe.check_step_forward_chunks(net, x)
    recipe.check_gradients(net, x)
    recipe.check_causality(net, x)
    recipe.check_bad_input(net, 3)
    recipe.check_dtypes(net, x)


@pytest.mark.parametrize("changes", CHANGES, ids=str)
@pytest.mark.parametrize("name", ["adding", "reber-4x1", "two-sequences"])
def test_a_stack_of_seeds_equals_separate_nets(name: str, changes: dict[str, object]) -> None:
    nets = [experiment_net(name, **changes).double() for _ in range(3)]
    stacked = stack_seeds(nets)
    size = EXPERIMENTS[name].input_size
    x = torch.randn(3, 2, 6, size, dtype=torch.float64, requires_grad=True)
    o, state = stacked(x)
    target = torch.rand_like(o)
    ((o - target) ** 2).sum().backward()
    for seed, net in enumerate(nets):
        x_seed = x[seed].detach().requires_grad_()
        single, single_state = net(x_seed)
        ((single - target[seed]) ** 2).sum().backward()
        recipe.assert_close("o", o[seed], single, 1e-12)
        recipe.assert_close("gradient of x", x.grad[seed], x_seed.grad, 1e-12)
        for part, single_part in zip(state, single_state, strict=True):
            recipe.assert_close("state", part[seed], single_part, 1e-12)
        for parameter, p in net.named_parameters():
            got = stacked.get_parameter(parameter).grad[seed]
            recipe.assert_close(f"gradient of {parameter}", got, p.grad, 1e-12)


@pytest.mark.parametrize("changes", CHANGES, ids=str)
def test_a_stack_streams_too(changes: dict[str, object]) -> None:
    stacked = stack_seeds([experiment_net("adding", **changes).double() for _ in range(3)])
    x = torch.randn(3, 2, 5, 2, dtype=torch.float64)
    o, final = stacked(x)
    state = stacked.initial_state(2)
    for t in range(5):
        o_t, state = stacked.step(x[:, :, t], state)
        recipe.assert_close("o", o_t, o[:, :, t], 1e-12)
    for got, wanted in zip(state, final, strict=True):
        recipe.assert_close("state", got, wanted, 1e-12)


def test_training_a_stack_is_training_each_net() -> None:
    nets = [experiment_net("adding").double() for _ in range(3)]
    stacked = stack_seeds(nets)
    before = [p.clone() for net in nets for p in net.parameters()]
    x = torch.randn(4, 3, 2, 6, 2, dtype=torch.float64)
    target = torch.rand(4, 3, 2, dtype=torch.float64)

    def train(net: LSTM1997Net, x: torch.Tensor, target: torch.Tensor) -> None:
        optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
        for x_i, target_i in zip(x, target, strict=True):
            loss = ((net(x_i)[0][..., -1, 0] - target_i) ** 2).sum() / 2
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    train(stacked, x, target)
    assert all(
        torch.equal(old, p)
        for old, p in zip(before, (p for net in nets for p in net.parameters()), strict=True)
    )
    for seed, (net, from_stack) in enumerate(zip(nets, unstack_seeds(stacked), strict=True)):
        train(net, x[:, seed], target[:, seed])
        assert from_stack.hidden.seeds is None
        for name, p in net.named_parameters():
            recipe.assert_close(name, from_stack.get_parameter(name), p, 1e-12)


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="name must be one of"):
        experiment_net("addition")
    with pytest.raises(ValueError, match="connectivity must be"):
        LSTM1997Net(2, 1, 2, connectivity="A")
    with pytest.raises(ValueError, match="output_size must be"):
        LSTM1997Net(2, 0, 2)
    with pytest.raises(ValueError, match="nets must hold"):
        stack_seeds([])
    with pytest.raises(ValueError, match="built alike"):
        stack_seeds([experiment_net("adding"), experiment_net("adding", self_loop=0.9)])
    with pytest.raises(ValueError, match="must come from stack_seeds"):
        unstack_seeds(experiment_net("adding"))
    stacked = stack_seeds([experiment_net("adding") for _ in range(3)])
    with recipe.without_shape_checks():
        for x in (torch.randn(2, 5, 2), torch.randn(2, 2, 5, 2)):
            with pytest.raises(ValueError, match="x must have 4 axes, the first of 3 seeds"):
                stacked(x)
        with pytest.raises(ValueError, match=r"state\.s must have shape \(3, 4, 4\)"):
            stacked(torch.randn(3, 4, 5, 2), stacked.initial_state(2))
