"""Exact checks of the LSTM of 1997: error flow, gates and weight counts, and the truncated rule.

Nothing is trained; everything is in double precision and seeded, so it comes out the same
every time.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from experiments.harness.registry import Outcome
from experiments.instruments.rounding import rounded, slope
from experiments.rule1997.memory import Shape, scratch
from solutions.carousel import LSTM1997, CarouselState, LSTM1997State, NaiveCarousel
from solutions.gates import LSTM
from solutions.layer import unroll
from solutions.learning import full_bptt, half_squared_error, truncated_rule_1997
from solutions.nets1997 import EXPERIMENTS, LSTM1997Net, experiment_net
from solutions.stacking import SequenceClassifier

Parameters = dict[str, Any]


def count(module: nn.Module) -> int:
    """Return the number of weights."""
    return sum(p.numel() for p in module.parameters())


# --- the carousel


def decay(p: Parameters) -> Outcome:
    """Differentiate the state after ``lag`` steps by the first state, for several self-loops."""
    found = []
    for self_loop in p["self_loops"]:
        layer = NaiveCarousel(1, 1).double()
        layer.self_loop.data.fill_(self_loop)  # in double precision, not rounded to single
        s = torch.ones(1, 1, dtype=torch.float64, requires_grad=True)
        x = torch.zeros(1, p["lag"], 1, dtype=torch.float64)
        _, state = layer(x, CarouselState(s))
        (derivative,) = torch.autograd.grad(state.s.sum(), s)
        found.append({"self_loop": self_loop, "left": derivative.item()})
    return {"lag": p["lag"], "found": found}


def state_jacobian(p: Parameters) -> Outcome:
    """Compare d s(T) / d s(0) with the identity, under the truncated rule and with all paths."""
    worst: dict[str, dict[str, list[float]]] = {}
    for scale in p["scales"]:
        apart: dict[str, list[float]] = {"truncated": [], "full": []}
        for seed in p["seeds"]:
            torch.manual_seed(seed)
            layer = LSTM1997(p["inputs"], p["blocks"], p["cells"], init_range=scale).double()
            x = torch.randn(1, p["steps"], p["inputs"], dtype=torch.float64)
            start = layer.initial_state(1)
            for name, truncated in (("truncated", True), ("full", False)):
                layer.truncated = truncated

                def last(s: Tensor) -> Tensor:
                    state = unroll(layer, x, LSTM1997State(s, start.y))[1]  # noqa: B023
                    return state.s.sum(0)

                jacobian = torch.autograd.functional.jacobian(last, start.s).squeeze(1)
                difference = jacobian - torch.eye(layer.cells, dtype=torch.float64)
                apart[name].append(rounded(torch.linalg.matrix_norm(difference).item()))
        worst[str(scale)] = apart
    return {"steps": p["steps"], "from_identity": worst}


# --- gates


def weight_counts(p: Parameters) -> Outcome:
    """Count the weights of the paper's nets, with and without what gates tell other units."""
    found = {}
    for name in EXPERIMENTS:
        net = experiment_net(name)
        hidden, all_of_them = net.hidden, count(net)
        from_gates = 0 if hidden.weight_hh is None else hidden.weight_hh[:, hidden.cells :].numel()
        found[name] = {"weights": all_of_them, "without_gate_recurrence": all_of_them - from_gates}
    return found


def shared_gates(p: Parameters) -> Outcome:
    """Build the adding net with gates per block and with gates per cell; count both."""
    per_block, per_cell = (
        experiment_net("adding"),
        experiment_net("adding", blocks=4, block_size=1, input_gate_bias=None),
    )
    found = {}
    for name, net in (("per block", per_block), ("per cell", per_cell)):
        hidden = net.double().hidden
        x = torch.zeros(1, hidden.input_size, dtype=torch.float64)
        _, state = hidden.step(x, hidden.initial_state(1))
        gates = state.y[0, hidden.cells :]
        found[name] = {"cells": hidden.cells, "gate_values": len(gates), "weights": count(net)}
    return found


def open_gates(p: Parameters) -> Outcome:
    """Let input gates with zero weights and given biases read one token: how open are they?"""
    biases = p["biases"]
    layer = LSTM1997(1, len(biases), input_gate_bias=biases, init_range=0.0).double()
    x = torch.zeros(1, 1, dtype=torch.float64)
    _, state = layer.step(x, layer.initial_state(1))
    gates = state.y[0, layer.cells : layer.cells + len(biases)]
    names = [f"{bias:g}" for bias in biases]
    return {"open": dict(zip(names, gates.tolist(), strict=True))}


def forget_gate_of_one(p: Parameters) -> Outcome:
    """Compare torch's LSTM, its forget gate held at 1, with the update of 1997 (and tanh)."""
    worst = {str(bias): 0.0 for bias in p["biases"]}
    size = p["hidden"]
    for seed in p["seeds"]:
        torch.manual_seed(seed)
        today = nn.LSTM(p["inputs"], size, batch_first=True).double()
        cell = LSTM1997(p["inputs"], size, g="tanh", h="tanh", truncated=False).double()
        x = torch.randn(2, p["steps"], p["inputs"], dtype=torch.float64)
        for bias in p["biases"]:
            with torch.no_grad():
                today.bias_ih_l0[size : 2 * size] = bias
                today.bias_hh_l0[size : 2 * size] = 0.0
                today.weight_ih_l0[size : 2 * size] = 0.0
                today.weight_hh_l0[size : 2 * size] = 0.0
                copy_without_forgetting(today, cell)
                apart = (today(x)[0] - cell(x)[0]).abs().max().item()
            worst[str(bias)] = max(worst[str(bias)], apart)
    return {"steps": p["steps"], "largest_difference": worst}


def copy_without_forgetting(today: nn.LSTM, cell: LSTM1997) -> None:
    """Copy input gate, candidate and output gate; what gates tell other units becomes zero."""
    size = today.hidden_size
    cell.weight_hh.zero_()
    # Ours: cells, input gates, output gates; theirs: i, f, g, o.
    for place, block in enumerate((2, 0, 3)):
        ours = slice(place * size, (place + 1) * size)
        theirs = slice(block * size, (block + 1) * size)
        cell.weight_ih[ours] = today.weight_ih_l0[theirs]
        cell.weight_hh[ours, :size] = today.weight_hh_l0[theirs]
        cell.bias[ours] = today.bias_ih_l0[theirs] + today.bias_hh_l0[theirs]


def padding(p: Parameters) -> Outcome:
    """Read the same tokens with and without padding behind: how far does the last state move?

    Padding is embedded as zeros. "told" gives the classifier the sequences' lengths.
    """
    moved: dict[str, list[float]] = {"torch": [], "ours": [], "told": []}
    tokens, inputs, hidden = p["tokens"], p["inputs"], p["hidden"]
    for seed in p["seeds"]:
        torch.manual_seed(seed)
        embed = nn.Embedding(10, inputs, padding_idx=0).double()
        theirs, ours = nn.LSTM(inputs, hidden, batch_first=True).double(), LSTM(inputs, hidden)
        classifier = SequenceClassifier(ours.double(), hidden, 2).double()
        short = embed(torch.randint(1, 10, (1, tokens)))
        long = torch.cat([short, embed(torch.zeros(1, p["padding"], dtype=torch.long))], dim=1)
        lengths = torch.tensor([tokens])
        for name, pair in (
            ("torch", (theirs(short)[1][0], theirs(long)[1][0])),
            ("ours", (ours(short)[1].h, ours(long)[1].h)),
            ("told", (classifier(short, lengths), classifier(long, lengths))),
        ):
            moved[name].append(rounded(((pair[1] - pair[0]).norm() / pair[0].norm()).item()))
    return {"padding": p["padding"], "relative_shift": moved}


# --- the truncated rule


def truncated_gradients(p: Parameters) -> Outcome:
    """Compare the paper's traces with autograd that lets error back 0, 1 or all steps."""
    worst: dict[str, float] = {}
    for seed in p["seeds"]:
        torch.manual_seed(seed)
        net = LSTM1997Net(3, 2, p["blocks"], p["cells"], init_range=p["scale"]).double()
        x = torch.randn(2, p["steps"], 3, dtype=torch.float64)
        target = torch.rand(2, p["steps"], 2, dtype=torch.float64)
        traces = truncated_rule_1997(net, x, target).gradients
        size = max(g.abs().max().item() for g in traces.values())
        net.hidden.truncated = False
        full = full_bptt(net, x, target).gradients
        for name, other in (
            ("0 steps", back_through(net, x, target, 0)),
            ("1 step", back_through(net, x, target, 1)),
            ("2 steps", back_through(net, x, target, 2)),
            ("all steps", full),
        ):
            apart = max((other[key] - traces[key]).abs().max().item() for key in traces)
            worst[name] = max(worst.get(name, 0.0), apart / size)
    return {"steps": p["steps"], "relative_difference": worst}


def back_through(net: LSTM1997Net, x: Tensor, target: Tensor, steps: int) -> dict[str, Tensor]:
    """Return gradients when error may go back ``steps`` steps through recurrent connections.

    The same net runs ``steps`` + 1 times side by side. Run 0 sees its own past as a constant,
    run k sees the past of run k - 1, with its history. Through the states error always goes
    back all the way.
    """
    runs = [net.initial_state(x.shape[0])] * (steps + 1)
    outputs = []
    for x_t in x.unbind(1):
        seen = [runs[0].y, *(state.y for state in runs[:-1])]
        for k, (y, state) in enumerate(zip(seen, list(runs), strict=True)):
            net.hidden.truncated = k == 0
            o, runs[k] = net.step(x_t, LSTM1997State(state.s, y))
        outputs.append(o)
    loss = half_squared_error(torch.stack(outputs, dim=1), target)
    named = dict(net.named_parameters())
    return dict(zip(named, torch.autograd.grad(loss, list(named.values())), strict=True))


def trace_memory(p: Parameters) -> Outcome:
    """Count the numbers that the compiled rule of 1997 stores as traces, by cells."""
    stored = []
    for cells in p["cells"]:
        stored.append(scratch(Shape(p["inputs"], 1, blocks=cells, cells=1)).trace[..., 0].size)
    return {"cells": p["cells"], "stored": stored, "slope": rounded(slope(p["cells"], stored))}


CHECKS = {
    function.__name__: function
    for function in (
        decay,
        state_jacobian,
        weight_counts,
        shared_gates,
        open_gates,
        forget_gate_of_one,
        padding,
        truncated_gradients,
        trace_memory,
    )
}


def run(parameters: Parameters, device: str) -> Outcome:
    """Run the check that ``parameters["check"]`` names."""
    with torch.device(device):
        return CHECKS[parameters["check"]](parameters)
