"""Tasks 2a and 2b with today's training: the net is the paper's, and small ones are learnt."""

from __future__ import annotations

import torch

from experiments.paper import two_symbols_today as two
from solutions.nets1997 import experiment_net


def test_the_running_sum_is_the_papers_net() -> None:
    torch.manual_seed(3)
    net = experiment_net("two-sequences", input_size=9, output_size=9)
    nets = two.draw_nets([3], 9, "cpu")
    x = torch.randint(9, (1, 2, 6), generator=torch.Generator().manual_seed(0))
    wanted, _ = net(torch.nn.functional.one_hot(x[0], 9).float())
    torch.testing.assert_close(two.answers(nets, x)[0], wanted)


def test_the_last_symbol_is_the_first_again() -> None:
    generator = torch.Generator().manual_seed(1)
    x, following = two.draw(2, 50, 7, True, generator)
    assert (following[..., -1] == x[..., 0]).all()
    assert set(x[..., 0].flatten().tolist()) == {6, 7}
    assert x[..., 1:].max() == 5
    plain, _ = two.draw(1, 3, 7, False, generator)
    assert plain[0, :, 1:].tolist() == [list(range(6))] * 3


def test_a_short_lag_is_learnt_and_a_rerun_agrees() -> None:
    parameters = {
        "p": 4, "noisy": False, "seeds": [0, 1], "budget": 20_480, "batch": 8, "rate": 0.03,
    }  # fmt: skip
    first, second = (two.run(parameters, "cpu") for _ in range(2))
    assert first == second
    assert first["solved"] == 2


def test_an_untrained_net_is_not_right() -> None:
    nets = two.draw_nets([0, 1], 8, "cpu")
    generator = torch.Generator().manual_seed(1)
    assert not two.all_right(nets, lambda n: two.draw(2, n, 7, True, generator), True).any()
