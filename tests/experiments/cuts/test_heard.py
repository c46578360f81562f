"""What every step adds makes up the gradient, and windows keep the last terms of the sum."""

from __future__ import annotations

import pytest
import torch

from experiments.cuts.heard import KINDS, by_step, hear
from experiments.cuts.training import Adding, NamedXor, answer_in_window
from experiments.nets.carousel_loop import answer as read
from experiments.training.course import DelayedXor, drawn, squared_error, stacked
from solutions.nets1997 import LSTM1997Net

TIME = 9
Task = DelayedXor(TIME, early=5)


def net() -> LSTM1997Net:
    return stacked(lambda: LSTM1997Net(1, 1, 2, 2, init_range=0.6), [0, 1, 2], "cpu")


def batch(some: LSTM1997Net) -> tuple[torch.Tensor, torch.Tensor]:
    return drawn(Task, 3, 16, torch.Generator().manual_seed(0), some.weight_out)


def gradient(some: LSTM1997Net, window: int, truncated: bool) -> dict[str, torch.Tensor]:
    """The gradient by the hidden weights of each kind, as training takes it."""
    x, target = batch(some)
    some.hidden.truncated = truncated
    y = answer_in_window(some, x, window) if window < TIME else read(some, x)
    found = torch.autograd.grad(
        squared_error(y, target).sum(), list(some.hidden.parameters()), materialize_grads=True
    )
    rows = torch.cat([g if g.ndim == 3 else g.unsqueeze(-1) for g in found], dim=-1)
    parts = rows.split([some.hidden.cells, some.hidden.blocks, some.hidden.blocks], dim=1)
    return {kind: part.flatten(1) for kind, part in zip(KINDS, parts, strict=True)}


@pytest.mark.parametrize("truncated", [True, False])
def test_what_the_steps_add_makes_up_the_gradient(truncated: bool) -> None:
    some = net()
    steps = by_step(some, *batch(some), truncated)
    assert some.hidden.truncated  # as it was
    for kind, whole in gradient(some, TIME, truncated).items():
        torch.testing.assert_close(steps[kind].sum(0), whole)


@pytest.mark.parametrize("window", [1, 4])
def test_a_window_keeps_the_last_terms_as_they_are(window: int) -> None:
    some = net()
    steps = by_step(some, *batch(some), truncated=False)
    for kind, part in gradient(some, window, truncated=False).items():
        torch.testing.assert_close(steps[kind][-window:].sum(0), part)


def test_under_the_rule_of_1997_output_gates_hear_of_the_last_step_alone() -> None:
    some = net()
    steps = by_step(some, *batch(some), truncated=True)
    assert not steps["output gates"][:-1].any()
    assert steps["output gates"][-1].any()
    for kind in ("cells", "input gates"):
        assert steps[kind].flatten(1).any(1).all()


def test_what_is_said_of_a_net_is_a_share_of_the_loudest_and_a_cosine() -> None:
    said = hear(net(), Task, 3, batch=16)
    for kind in KINDS:
        assert 0 < max(said["steps"]["full"][kind]) <= 1
    windows = said["cosine"]["windows"]
    assert len(windows) == TIME
    assert windows[-1] == pytest.approx([1, 1, 1])
    assert windows[0] != pytest.approx([1, 1, 1], abs=0.01)
    assert all(abs(value) <= 1 for value in said["cosine"]["1997"])
    assert said["matters"] == [1, 1, 1, 1, 1, 0, 0, 0, 0]


def test_all_sequences_to_add_are_equally_long_and_marked_in_the_first_half() -> None:
    found = Adding(30).draw(2, 50, torch.Generator().manual_seed(0))
    assert found.x.shape == (2, 50, 30, 2)
    marks = (found.x[..., 1] == 1).sum((0, 1))
    assert marks[:15].sum() > 150
    assert not marks[15:].any()
    assert Adding(30).right(found.target + 0.03, found.target).all()
    assert not Adding(30).right(found.target + 0.05, found.target).any()


def test_named_xor_wants_the_earlier_bit_too_and_is_judged_by_xor_alone() -> None:
    generator = torch.Generator().manual_seed(0)
    x, target = NamedXor(8, early=5).draw(1, 50, generator)
    for line, (differ, named) in zip(x[0].squeeze(-1), target[0], strict=True):
        first, second = line[line != 0].tolist()
        assert (differ == 1) == (first != second)
        assert (named == 1) == (first > 0)
    plain = DelayedXor(8, early=5).draw(1, 50, torch.Generator().manual_seed(0))
    assert torch.equal(plain.x, x)
    assert torch.equal(plain.target, target[..., :1])
    answers = torch.cat([target[..., :1], 1 - target[..., 1:]], dim=-1)
    assert NamedXor(8).right(answers, target).all()
    assert not NamedXor(8).right(1 - answers, target).any()
