"""Variants of the LSTM with forget gate: the bias it starts with, and what is left out or added.

They learn adding in batches with Adam, for a fixed budget, and embedded Reber strings up to the
criterion of experiment 1. ``text`` has them predict characters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from experiments.harness.registry import Outcome
from experiments.nets.learners import Recurrent
from experiments.nets.stacked import Net, Stack, Weights, uniform
from experiments.tasks.seeded import TASKS
from experiments.training.contest import Plan, contest_reber
from experiments.training.course import Course, learn
from solutions.gates import PeepholeLSTM

PAUSE = 2048  # strings between two tests on the Reber sets
OPEN = 20.0  # net input of a gate that is always 1


class Gated(Recurrent):
    """``learners.Recurrent`` "lstm" with other start biases, or with output gates fixed to 1."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        hidden: int,
        every_step: bool,
        forget_bias: float = 1.0,
        input_bias: float = 0.0,
        output_gate: bool = True,
    ) -> None:
        super().__init__("lstm", inputs, outputs, hidden, every_step)
        self.hidden, self.output_gate = hidden, output_gate
        # Weights of a gate that is fixed stay in the stack, and out of the count.
        self.unused = 0 if output_gate else hidden * (inputs + hidden + 1)
        with torch.no_grad():  # the order is i, f, o, g
            self.bias[:, :hidden] = input_bias
            self.bias[:, hidden : 2 * hidden] = forget_bias

    def answer(self, w: Weights, x: Tensor) -> Tensor:
        """Return what the net says of x (seed, batch, time, input)."""
        if not self.output_gate:
            gate = torch.zeros(4 * self.hidden, dtype=torch.bool, device=x.device)
            gate[2 * self.hidden : 3 * self.hidden] = True
            w = {**w, "bias": w["bias"].masked_fill(gate, OPEN)}
            w |= {name: w[name].masked_fill(gate, 0.0) for name in ("w_in", "w_back")}
        return super().answer(w, x)


class Peephole(Net):
    """``solutions.gates.PeepholeLSTM``, with biases like ``Gated``, and a linear readout."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        hidden: int,
        every_step: bool,
        forget_bias: float = 1.0,
        input_bias: float = 0.0,
    ) -> None:
        super().__init__()
        self.every_step = every_step
        self.layer = PeepholeLSTM(inputs, hidden)
        self.w_out = uniform(hidden, outputs, fan=hidden)
        self.b_out = torch.nn.Parameter(torch.zeros(outputs))
        with torch.no_grad():
            bias = self.layer.cell.bias.zero_()  # the order is i, f, g, o
            bias[:hidden], bias[hidden : 2 * hidden] = input_bias, forget_bias

    def forward(self, x: Float[Tensor, "batch time input"]) -> Tensor:
        """Return the answers of one seed."""
        return self.readout(self.layer(x)[0]) @ self.w_out + self.b_out


class GRUNet(Recurrent):
    """``nets.learners.Recurrent`` "gru" whose update gates start at a bias; above 0 they keep."""

    def __init__(
        self, inputs: int, outputs: int, hidden: int, every_step: bool, keep_bias: float = 0.0
    ) -> None:
        super().__init__("gru", inputs, outputs, hidden, every_step)
        with torch.no_grad():  # the order is r, z, n
            self.bias[:, hidden : 2 * hidden] = keep_bias


class Plain(Recurrent):
    """``nets.learners.Recurrent`` "tanh": no gates at all."""

    def __init__(self, inputs: int, outputs: int, hidden: int, every_step: bool) -> None:
        super().__init__("tanh", inputs, outputs, hidden, every_step)


KINDS: dict[str, Callable[..., Net]] = {
    "lstm": Gated,
    "peephole": Peephole,
    "gru": GRUNet,
    "tanh": Plain,
}


def build(parameters: dict[str, Any], inputs: int, outputs: int, every_step: bool) -> Net:
    """Return the net that a trial's parameters describe, freshly drawn."""
    kind = KINDS[parameters["kind"]]
    return kind(inputs, outputs, parameters["hidden"], every_step, **parameters["changes"])


def weights_used(stack: Stack) -> int:
    """Return the number of weights that take part."""
    return stack.weights - getattr(stack.net, "unused", 0)


def run_adding(parameters: dict[str, Any], device: str) -> Outcome:
    """Train one variant on adding, T = 100; mean squared error, a linear output."""
    seeds, task = parameters["seeds"], TASKS["adding-100"]
    stack = Stack(lambda: build(parameters, task.inputs, task.outputs, False), seeds, device)
    outcome = learn(stack, [stack.theta], task, seeds, Course(**parameters["course"]))
    return {**outcome, "weights": weights_used(stack)}


def run_reber(parameters: dict[str, Any], device: str) -> Outcome:
    """Train one variant on embedded Reber strings."""
    plan = Plan(parameters["seeds"], parameters["budget"], parameters["batch"], parameters["rate"])
    outcome = contest_reber(lambda: build(parameters, 7, 7, True), plan, device, PAUSE)
    return {
        **outcome,
        "weights": outcome["weights"] - getattr(build(parameters, 7, 7, True), "unused", 0),
        "criterion": "the legal symbols rank above all others throughout 256 training and 256 "
        "test strings",
    }
