"""The documents' table: its tasks, its learners, its criteria, and that a run repeats itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from experiments.documents.online import nets_for, share_right
from experiments.documents.rows import COLUMNS, ROWS, parameters_of, table_documents
from experiments.documents.rtrl import read_rtrl, rtrl_start
from experiments.documents.run import guess, run_cell
from experiments.nets.learners import LEARNERS
from experiments.nets.parallel import MambaNet
from experiments.nets.stacked import Net, Stack
from experiments.tasks.seeded import END, START, TASKS, LongLag, Order, Pairs, Signal, X
from experiments.training.contest import Adam, Exam, Plan, contest, contest_reber, examine, loss_of
from solutions.nets1997 import EXPERIMENTS as NETS
from solutions.nets1997 import experiment_net
from solutions.selective import Mamba


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("product", [False, True])
def test_pairs(product):
    task = Pairs(100, product)
    x, target = task.draw(4, 500, generator())
    value, mark = x.unbind(-1)
    assert 100 <= x.shape[2] <= 110
    assert value.min() >= (0 if product else -1)
    assert (mark[..., 0] == -1).all()
    assert (mark[..., -1] == -1).all()
    marked = mark == 1
    places = marked.nonzero()[:, 2]
    assert places.max() <= 48  # the first T/2 - 1 steps
    assert (marked.sum(-1) <= 2).all()
    assert (marked.sum(-1) >= 1).all()  # one may stand on the first step, where it counts as none
    assert marked[..., 1:10].any(-1).float().mean() > 0.85
    if product:
        wanted = torch.where(marked, value, torch.ones(())).prod(-1)
    else:
        wanted = 0.5 + (value * marked).sum(-1) / 4
    torch.testing.assert_close(target[..., 0], wanted)
    assert task.right(target + 0.039, target).all()
    assert not task.right(target + 0.041, target).any()


@pytest.mark.parametrize("name", ["order-2-100", "order-5-100", "order-4-noisy-1000"])
def test_order(name):
    task = TASKS[name]
    assert isinstance(task, Order)
    x, target = task.draw(2, 300, generator())
    symbol = x.argmax(-1) if task.noise == 0 else (x > 0.5).float().argmax(-1)
    assert (symbol[..., 0] == START).all()
    assert (symbol[..., -1] == END).all()
    assert set(target.argmax(-1).flatten().tolist()) == set(range(task.outputs))
    for row, label in zip(symbol.flatten(0, 1), target.argmax(-1).flatten(), strict=True):
        at = ((row == X) | (row == X + 1)).nonzero().flatten()
        assert len(at) == len(task.places)
        assert "".join("XY"[int(row[t]) - X] for t in at) == task.patterns[label]
        shift = at - torch.tensor(task.places)
        assert ((shift >= 0) & (shift <= task.width)).all()
    assert task.right(target, target).all()
    assert not task.right(-target, target).any()


def test_seeds_see_different_sequences():
    x, _ = TASKS["adding-100"].draw(2, 3, generator())
    assert not torch.equal(x[0], x[1])


@pytest.mark.parametrize("name", [n for n in LEARNERS if not n.startswith("lstm1997")])
def test_stacked_seeds_are_independent(name):
    x = torch.randn(3, 2, 24, 5, generator=generator())
    for every in (False, True):
        stack = Stack(lambda every=every: LEARNERS[name](5, 2, every), [0, 1, 2])
        y = stack(x)
        assert y.shape == ((3, 2, 24, 2) if every else (3, 2, 2))
        torch.testing.assert_close(stack(x[1:2], torch.tensor([1]))[0], y[1], rtol=1e-4, atol=1e-5)
        (gradient,) = torch.autograd.grad(y[1].square().sum(), stack.theta)
        assert gradient[1].abs().sum() > 0
        assert gradient[[0, 2]].abs().sum() == 0
        if every:  # causal: what comes later changes nothing before
            later = torch.cat([x[:, :, :20], x[:, :, 20:] + 1], 2)
            torch.testing.assert_close(stack(later)[:, :, :20], y[:, :, :20], rtol=1e-4, atol=1e-4)


def test_adam_is_torchs_with_each_gradient_clipped():
    def build() -> Net:
        return LEARNERS["bptt"](2, 1, False)

    stack, single = Stack(build, [0, 1]), Stack(build, [1])
    adam = Adam(stack, Plan([0, 1], 0, 4, 0.01, 0.1))
    torch_adam = torch.optim.Adam([single.theta], 0.01)
    for step in range(3):
        x, target = TASKS["adding-100"].draw(2, 4, generator(step))
        adam.step(loss_of(stack(x), target, False), 0.01)
        torch_adam.zero_grad()
        loss_of(single(x[1:]), target[1:], False).sum().backward()
        torch.nn.utils.clip_grad_norm_([single.theta], 0.1)
        torch_adam.step()
    torch.testing.assert_close(stack.theta[1], single.theta[0], rtol=1e-4, atol=1e-6)


EASY = Order(("X", "Y"), (18,), minimum=20, width=0)


def test_contest_solves_what_is_easy_twice_alike():
    plan = Plan([0, 1, 2], 4_000, 16, 0.01)
    first, second = (
        contest(EASY, lambda: LEARNERS["lstm"](8, 2, False), plan, Exam(), "cpu") for _ in range(2)
    )
    assert first == second
    assert first["solved"] == first["of"] == 3
    assert all(512 <= seed["sequences"] < 4_000 for seed in first["seeds"])


def test_contest_says_what_was_not_solved():
    plan = Plan([0, 1], 320, 16, 0.01)
    result = contest(
        TASKS["order-2-100"], lambda: LEARNERS["tdnn"](8, 2, False), plan, Exam(), "cpu"
    )
    assert result["solved"] == 0
    assert [seed["sequences"] for seed in result["seeds"]] == [320, 320]
    assert all(0.3 < seed["right"] < 0.7 for seed in result["seeds"])  # its window sees neither


def test_an_exam_counts_the_wrong_ones_and_ends_early():
    stack, task = Stack(lambda: LEARNERS["tdnn"](8, 2, False), [0, 1]), EASY
    rows = torch.tensor([1])
    wrong, error = examine(task, stack, rows, generator(), "cpu", Exam(100, 100))
    x, target = task.draw(1, 64, generator())
    first = (~task.right(stack(x, rows), target)).sum().item()
    assert first <= wrong[0] <= first + 36
    assert error[0] > 0
    early, _ = examine(task, stack, rows, generator(), "cpu", Exam(100, 0))
    assert early == [first]
    assert Exam(100, 2, 0.1).passed(2, 0.09)
    assert not Exam(100, 2, 0.1).passed(3, 0.09)
    assert not Exam(100, 2, 0.1).passed(2, 0.1)


def test_signal():
    x, target = Signal(100, 3).draw(2, 200, generator())
    assert ((x[:, :, :3, 0] > 0) == (target == 1)).all()
    assert abs(x[:, :, 3:].var().item() - 0.2) < 0.02
    task = Signal(100, 1, "c")
    _, target = task.draw(2, 500, generator())
    clean = target[..., 1:]
    assert set(clean.flatten().tolist()) == {clean.min().item(), clean.max().item()}
    torch.testing.assert_close(clean.max().item(), 0.8)
    assert task.right(clean + 0.09, target).all()
    assert not task.right(clean + 0.11, target).any()
    y = torch.zeros(2, 500, 1)  # training sees the noisy column
    torch.testing.assert_close(
        loss_of(y, target, False), target[..., 0].square().mean(1), rtol=1e-5, atol=1e-6
    )


def test_long_lag():
    task = LongLag(20, 6)
    x, target = task.draw(2, 100, generator())
    assert x.shape[2] >= 23
    assert (x[..., 0] == 7).all()
    assert (x[..., -1] == 6).all()
    assert (x[..., 1] - 8 == target.argmax(-1)).all()
    assert x[..., 2:-1].max() == 5
    assert task.right(target + 0.19, target).all()
    assert not task.right(target + 0.21, target).any()


@pytest.mark.parametrize("name", ["reber-3x2", "adding", "distractors-50"])
def test_the_1997_net_with_its_full_gradient(name):
    spec = NETS[name]
    build = LEARNERS[f"lstm1997-adam-{name}"]
    stack = Stack(lambda: build(spec.input_size, spec.output_size, True), [0, 1])
    torch.manual_seed(1)
    net = experiment_net(name, truncated=False)
    assert stack.weights == sum(p.numel() for p in net.parameters())
    symbols = torch.randint(0, spec.input_size, (2, 3, 9), generator=generator())
    x = torch.nn.functional.one_hot(symbols, spec.input_size).float()
    y, wanted = stack(x), net(x[1])[0]
    torch.testing.assert_close(y[1], wanted, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(stack(symbols), y)
    (gradient,) = torch.autograd.grad(y[1].square().sum(), stack.theta)
    right = torch.autograd.grad(wanted.square().sum(), list(net.parameters()))
    norm = torch.cat([g.flatten() for g in right]).norm()
    torch.testing.assert_close(gradient[1].norm(), norm, rtol=1e-4, atol=1e-6)
    assert gradient[0].norm() == 0


def test_reber_contest_repeats():
    plan = Plan([0, 1], 1_024, 16, 0.01)
    first, second = (
        contest_reber(lambda: LEARNERS["bptt"](7, 7, True), plan, "cpu", 512) for _ in range(2)
    )
    assert first == second
    assert all(0.02 < seed["right"] <= 1 for seed in first["seeds"])


def test_rtrl_is_the_gradient():
    rng = np.random.default_rng(0)
    net = rtrl_start(3, 2, 4, seed=1)
    x, target = rng.normal(size=(1, 7, 3)), rng.uniform(size=(1, 7, 2))
    w, v = (torch.tensor(part, requires_grad=True) for part in net)
    h, loss = torch.zeros(4, dtype=torch.float64), torch.zeros(())
    one = torch.ones(1, dtype=torch.float64)
    for t in range(7):
        h = torch.tanh(w @ torch.cat([torch.tensor(x[0, t]), h, one]))
        y = torch.sigmoid(v @ torch.cat([h, one]))
        loss = loss + 0.5 * (torch.tensor(target[0, t]) - y).square().sum()
    wanted = torch.autograd.grad(loss, (w, v))
    before = [part.copy() for part in net]
    read_rtrl(net, x, target, np.array([7]), True, 0.5)
    for new, old, gradient in zip(net, before, wanted, strict=True):
        np.testing.assert_allclose(new - old, -0.5 * gradient.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["order-2-100", "adding-100"])
def test_1997_reads_as_the_net_does(name):
    task = TASKS[name]
    key = "order-4" if task.classes else "adding"
    nets = nets_for(task, "lstm1997", key, list(range(9)))  # more than the kernel has lanes
    torch.manual_seed(8)
    net = experiment_net(key, output_size=task.outputs).double()
    assert nets.weights == sum(p.numel() for p in net.parameters())
    x, target = task.draw(9, 12, generator(5))
    y = net(x[8].double())[0][:, -1]
    wanted = task.right(y, target[8]).double().mean().item()
    assert share_right(task, nets, generator(5), 12, np.zeros(9))[8] == wanted


def test_1997_learns_only_where_there_is_a_rate():
    task = TASKS["order-2-100"]
    nets = nets_for(task, "lstm1997", "order-4", [0, 1])
    before = nets.groups[0][0].hidden.copy()
    share_right(task, nets, generator(), 8, np.array([0.5, 0.0]))
    after = nets.groups[0][0].hidden
    assert np.abs(after - before)[..., 0].max() > 0
    assert np.abs(after - before)[..., 1].max() == 0


def test_mamba_is_the_courses():
    torch.manual_seed(0)
    net, block = MambaNet(3, 2, 6, True), Mamba(6, 4)
    for name, value in block.named_parameters():
        own = net.get_parameter(name.replace(".", "_")).detach()
        value.data.copy_(own.T if name.endswith(".weight") else own)
    x = torch.randn(1, 2, 15, 6)
    weights = {name: value.unsqueeze(0) for name, value in net.named_parameters()}
    torch.testing.assert_close(net.block(weights, x)[0], block(x[0])[0], rtol=1e-4, atol=1e-5)


def test_guessing_counts_what_it_reads():
    result = guess(EASY, Plan([0, 1], 20_000, 1, 0.0))
    assert result["of"] == 2
    for seed in result["seeds"]:
        assert seed["solved"] == (seed["right"] >= 0.99)


def test_rows_are_complete():
    assert len(ROWS) == 8
    for row in ROWS:
        assert set(COLUMNS) <= set(row.learners)
        assert row.task == "reber" or row.task in TASKS
        assert set(row.document) == {"rtrl", "bptt", "tdnn", "elman", "lstm1997"}
        for learner in row.learners:
            full, quick = (parameters_of(row, learner, q) for q in (False, True))
            assert full["seeds"] == 10
            assert quick["budget"] < full["budget"]
            if full["kind"] == "batch":
                assert full["net"] in LEARNERS
    assert [line["experiment"] for line in table_documents()] == [
        f"documents-{row.name}" for row in ROWS
    ]


def test_a_cell_runs():
    row = next(row for row in ROWS if row.name == "reber")
    for learner in ("lstm1997-1x1", "rtrl"):
        parameters = {**parameters_of(row, learner, True), "budget": 2_048, "seeds": 1}
        result = run_cell(parameters, "cpu")
        assert result["budget"] == 2_048
        assert result["criterion"] == row.criterion
        assert result["solved"] == 0
