"""The ablations change what they say they change, and judge what they say they judge."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from experiments.ablations import online, protocols, readings, untrained
from experiments.ablations.conflict import FirstSymbol, Integrator
from experiments.ablations.gated import Gated, Peephole
from experiments.harness.registry import experiments
from experiments.nets.stacked import Stack
from experiments.rule1997.protocol import plain_protocol
from experiments.training import course
from experiments.training.course import Course, DelayedXor, gradient_cosines, learn, stacked
from solutions.gates import LSTMCell
from solutions.nets1997 import LSTM1997Net, experiment_net


def test_xor_has_two_early_bits_and_asks_whether_they_differ() -> None:
    x, target = DelayedXor(30).draw(2, 200, torch.Generator().manual_seed(0))
    assert x.shape == (2, 200, 30, 1)
    assert (x[:, :, 10:] == 0).all()
    assert (x.abs().sum(2) == 2).all()
    assert torch.equal(x.sum(2) == 0, target == 1)
    assert 0.4 < target.mean() < 0.6


@pytest.mark.parametrize("middle", ["fixed", "random", "same"])
def test_the_first_symbol_is_asked_and_marked(middle: str) -> None:
    task = FirstSymbol(10, middle)
    x, target = task.draw(3, 50, torch.Generator().manual_seed(0))
    assert x.shape == (3, 50, 10, 12)
    assert torch.equal(x[0, :, 0, 10], target[0, :, 0])  # y is input 10, x input 9
    assert torch.equal(x[0, :, :, 11].sum(1), x[0, :, 0, 11])  # the mark stands there alone
    in_middle = x[0, :, 1:, 9:11].sum() > 0
    assert in_middle == (middle == "same")
    assert torch.equal(x[0], x[2])


def test_a_bare_carousel_of_one_seed_does_not_touch_another() -> None:
    net = Integrator(12, 3).double()
    x, _ = FirstSymbol(10, "random").draw(3, 4, torch.Generator().manual_seed(0))
    net(x)[1].sum().backward()
    assert (net.layer.weight_ih.grad[[0, 2]] == 0).all()
    assert (net.layer.weight_ih.grad[1] != 0).any()


def test_an_output_gate_that_is_left_out_is_one() -> None:
    stack = Stack(lambda: Gated(2, 1, 4, True, output_gate=False), [0])
    w = stack._named(stack.theta)
    x = torch.randn(1, 3, 5, 2)
    cell, order = LSTMCell(2, 4), [0, 1, 3, 2]  # i f o g -> i f g o
    for name, own in (("weight_ih", "w_in"), ("weight_hh", "w_back"), ("bias", "bias")):
        parts = w[own][0].chunk(4, -1)
        rows = torch.cat([parts[k] for k in order], -1)
        getattr(cell, name).data = rows[0].clone() if name == "bias" else rows.T.clone()
    cell.bias.data[12:], cell.weight_ih.data[12:], cell.weight_hh.data[12:] = 30.0, 0.0, 0.0
    h = c = torch.zeros(3, 4)
    for t in range(5):
        h, c = cell(x[0, :, t], h, c)
    wanted = h @ w["w_out"][0] + w["b_out"][0]
    torch.testing.assert_close(stack(x)[0, :, -1], wanted, rtol=1e-4, atol=1e-5)
    assert stack.net.unused == 4 * (2 + 4 + 1)


def test_start_biases_reach_the_gates() -> None:
    gated = Gated(2, 1, 4, False, forget_bias=3.0, input_bias=-3.0)
    assert gated.bias[0].tolist() == [-3.0] * 4 + [3.0] * 4 + [0.0] * 8
    peephole = Peephole(2, 1, 4, False, forget_bias=3.0, input_bias=-3.0)
    assert peephole.layer.cell.bias.tolist() == [-3.0] * 4 + [3.0] * 4 + [0.0] * 8


def test_a_net_without_recurrent_weights_has_one_gradient_only() -> None:
    task = DelayedXor(12)
    net = stacked(lambda: LSTM1997Net(1, 1, 2, 2, init_range=1.0), [0, 1], "cpu")
    assert all(cosine < 0.9999 for cosine in gradient_cosines(net, task, 2, 32))
    net.hidden.weight_hh.data.zero_()
    # The gradient by the weights that are zero is the same too: only error through them differs.
    assert gradient_cosines(net, task, 2, 32) == [1.0, 1.0]
    assert net.hidden.truncated


def test_a_level_is_reached_or_the_budget_stands() -> None:
    class Answered(DelayedXor):
        def right(self, y: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            return torch.tensor([[True], [False]]).expand(2, y.shape[1])

    weight = torch.nn.Parameter(torch.ones(2, 1))
    course = Course(steps=4, batch=3, rate=0.1, check=2, test=5)
    outcome = learn(
        lambda x: weight.unsqueeze(1) * x[:, :, 0], [weight], Answered(), [7, 8], course
    )
    assert (outcome["solved"], outcome["of"], outcome["budget"]) == (1, 2, 12)
    assert [s["sequences"] for s in outcome["seeds"]] == [6, 12]
    assert [s["solved"] for s in outcome["seeds"]] == [True, False]
    assert outcome["curve"] == [[6, 1.0, 0.0], [12, 1.0, 0.0]]


def test_a_run_comes_out_the_same_twice() -> None:
    parameters = {
        "task": "xor", "time": 12, "changes": {"truncated": False}, "seeds": [0, 1],
        "course": {"steps": 3, "batch": 4, "rate": 0.02, "check": 1, "test": 8},
    }  # fmt: skip
    assert course.run(parameters, "cpu") == course.run(parameters, "cpu")


def test_g_and_h_are_what_the_paper_says() -> None:
    found = untrained.run_squashing({"range": 20.0}, "cpu")
    assert found["g_and_2tanh_half"] < 1e-14
    assert found["g_and_tanh"] == pytest.approx(1.0, abs=1e-6)
    assert found["slopes_at_0"] == {"g": 1.0, "h": 0.5, "tanh": 1.0}


def test_an_lstm_has_four_times_the_weights() -> None:
    found = untrained.run_counts({"inputs": 8, "width": 16}, "cpu")
    assert found["weights"]["torch-lstm"] == 4 * found["weights"]["torch-rnn"]
    assert found["recurrent"]["lstm-1997"] == 9 * found["recurrent"]["rnn"]


def test_nets_of_all_rows_can_be_built() -> None:
    for key, changes in protocols.GATES.items():
        for protocol in (protocols.adding, protocols.order, protocols.reber):
            made = protocol(100, **changes) if protocol is protocols.adding else protocol(**changes)
            net = experiment_net(made.net, **made.changes)
            assert net.hidden.cells == (6 if protocol is protocols.reber else 4), key


def test_quick_trials_have_fewer_seeds_and_less_training() -> None:
    for name, experiment in experiments().items():
        if not name.startswith("ablations-"):
            continue
        full, quick = experiment.trials(False), experiment.trials(True)
        assert {t.key for t in quick} <= {t.key for t in full}
        assert all(len(t.parameters["seeds"]) == 3 for t in quick)


def made_up(solved: int, **entries: Any) -> dict[str, Any]:
    """Return an outcome of eight seeds of which some solved it."""
    own = {"sequences": 100, "test_wrong": 5, "right": 1.0, "reached": {"0.5": 10}}
    lost = {"sequences": 900, "test_wrong": 2000, "right": 0.5, "reached": {"0.5": 0}}
    rows = [{"solved": k < solved, **(own if k < solved else lost)} for k in range(8)]
    return {
        "solved": solved, "of": 8, "budget": 900, "criterion": "", "test_of": 2560, "seeds": rows,
        **entries,
    }  # fmt: skip


def test_a_failing_weight_that_moves_refutes_a_single_threshold() -> None:
    at_100 = {str(w): made_up(8 * (w in (0.99, 1.01))) for w in protocols.LOOPS}
    moving = {
        f"T{length}-{w}": made_up(8 * (w >= least))
        for length, least in ((25, 0.95), (50, 0.98))
        for w in (0.9, 0.95, 0.98, 0.99, 1.0)
    }
    results = {
        "ablations-self-loop-lengths": moving,
        "ablations-self-loop": at_100,
        "ablations-gates": {"full": made_up(8)},
        "ablations-order": {"full": made_up(8), "0.99": made_up(7)},
    }
    found = readings.no_safe_zone(results)
    assert found.agrees
    assert "0.9 at T = 25, 0.95 at T = 50, 0.98 at T = 100" in found.text
    assert "6a is solved by 7 of 8 with 0.99." in found.text
    only_one = {key: made_up(8 * key.endswith("-1.0")) for key in moving}
    results["ablations-self-loop-lengths"] = only_one
    assert not readings.no_safe_zone(results).agrees


def test_fewer_parameters_compares_the_smallest_nets_that_solve_it() -> None:
    counts = untrained.run_counts({"inputs": 8, "width": 128}, "cpu")
    width = {
        f"{kind}-{w}": made_up(8 * (w > 8), weights=w * times)
        for kind, times in (("tanh", 10), ("lstm", 40))
        for w in (8, 12, 16)
    }
    found = readings.fewer_parameters(
        {"ablations-counts": {"width-128": counts}, "ablations-width": width}
    )
    assert found.agrees
    assert "tanh from width 12 on (120 weights)" in found.text
    assert "4 times the weights" in found.text


def test_what_is_lost_on_one_task_only_counts_as_expendable_in_part() -> None:
    text = {"with": {"seeds": [{"bits": b} for b in (2.0, 2.1)]}}
    text["without"] = text["with"]
    results = {
        "ablations-later-gates": {"forget-bias-3": made_up(8), "no-output-gate": made_up(2)},
        "ablations-width": {"lstm-12": made_up(6)},
        "ablations-output-gate-reber": {"lstm-12": made_up(6)},
        "ablations-output-gate-text": text,
        "ablations-reber": {"full": made_up(5), "no-output-gate": made_up(4)},
    }
    found = readings.output_gate(results)
    assert found.agrees
    assert "Missed on: adding, T = 100." in found.text
    assert "2/8, mean 100 sequences; the others not within 900" in found.text


def test_on_line_training_notes_levels_and_comes_out_the_same_twice() -> None:
    parameters = {"protocol": plain_protocol(protocols.adding(20)), "seeds": [0, 1], "budget": 700}
    outcome = online.run(parameters, "cpu")
    assert outcome == online.run(parameters, "cpu")
    assert (outcome["solved"], outcome["of"], outcome["budget"]) == (0, 2, 700)
    for seed in outcome["seeds"]:
        assert seed["reached"] == {"0.5": 0, "0.9": 0, "0.95": 0}
        assert [point[0] for point in seed["curve"]] == [500, 700]
        assert seed["sequences"] == 700
