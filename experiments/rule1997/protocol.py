"""The recipe for a 1997 net: its task, its training and its judging, and nets made by it.

Source: Hochreiter & Schmidhuber 1997, section 5 and Table 10.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import torch

from experiments.rule1997 import training as gr
from experiments.rule1997.lanes import LANES
from experiments.rule1997.memory import (
    Array,
    Index,
    Scratch,
    Sequences,
    Shape,
    Weights,
    scratch,
    sequences,
    zero_weights,
)
from experiments.tasks.paper1997 import seed as seed_tasks
from solutions.nets1997 import EXPERIMENTS, LSTM1997Net

SQUASH = {("scaled", "scaled"): 0, ("tanh", "tanh"): 1, ("sigmoid", "identity"): 2}


@dataclass(frozen=True)
class Protocol:
    """Everything that decides how a net is trained and judged, but for seed and budget."""

    net: str  # a key of solutions.nets1997.EXPERIMENTS
    task: int
    size: tuple[int, ...]
    longest: int
    tolerance: float = 0.0
    window: int = 0  # the last so many sequences are judged
    wrong_below: int = 1
    mean_below: float = math.inf
    active: int = 1
    every_step: bool = False
    judged_at: int = 1
    rate: float = 0.0  # 0: the net's own
    per_step: bool = False
    late_cell: bool = False
    legal_targets: bool = False  # experiment 1: all legal symbols wanted, not the one that came
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def learning_rate(self) -> float:
        """Return the rate in use."""
        return self.rate or EXPERIMENTS[self.net].rate


@dataclass
class Group:
    """Up to eight nets that learn side by side, with their working arrays."""

    seeds: list[int]
    shape: Shape
    weights: Weights
    work: Scratch
    drawn: gr.Drafts
    given: Sequences
    size: Index
    rate: Array  # 0 in a lane that learns nothing (more)
    found: gr.Report
    way: gr.Way

    @property
    def net(self) -> tuple[Shape, Weights, Scratch]:
        """Return what the kernel calls a net."""
        return self.shape, self.weights, self.work


def group(protocol: Protocol, seeds: list[int]) -> Group:
    """Draw the nets of a protocol, one per seed, and seed the tasks with the first."""
    if not 1 <= len(seeds) <= LANES:
        raise ValueError(f"a group has 1 to {LANES} seeds, got {seeds}")
    nets = []
    for seed in seeds:
        torch.manual_seed(seed)
        nets.append(EXPERIMENTS[protocol.net].build(**protocol.changes).double())
    shape = shape_of(nets[0])
    shape = shape._replace(dense=protocol.active == shape.inputs)
    rate = np.zeros(LANES)
    rate[: len(seeds)] = protocol.learning_rate
    seed_tasks(seeds[0])
    return Group(
        seeds,
        shape,
        weights_of(nets),
        scratch(shape),
        gr.drafts(shape, protocol.longest, protocol.active),
        sequences(shape, protocol.longest + 1, protocol.active),
        np.array(protocol.size, dtype=np.int64),
        rate,
        gr.report(),
        gr.Way(protocol.every_step, protocol.judged_at, protocol.per_step),
    )


def shape_of(net: LSTM1997Net) -> Shape:
    """Return the compiled kernel's description of a net."""
    hidden = net.hidden
    biased = 0 if hidden.bias is None else hidden.bias.shape[0]
    return Shape(
        inputs=hidden.input_size,
        outputs=net.weight_out.shape[0],
        blocks=hidden.blocks,
        cells=hidden.block_size,
        in_gate=hidden.input_gate,
        out_gate=hidden.output_gate,
        cell_bias=biased == hidden.units,
        gate_bias=biased > 0,
        out_bias=net.bias_out is not None,
        out_sees_input=net.connectivity == "B",
        recurrent=hidden.weight_hh is not None,
        squash=SQUASH[hidden.g, hidden.h],
        self_loop=hidden.self_loop,
    )


def weights_of(nets: Sequence[LSTM1997Net]) -> Weights:
    """Copy the parameters of nets of one shape into the kernel's lanes, in float64."""
    weights = zero_weights(shape_of(nets[0]))
    for k, net in enumerate(nets):
        hidden, columns = net.hidden, net.hidden.input_size
        weights.hidden[:, :columns, k] = hidden.weight_ih.detach().double().numpy()
        if hidden.weight_hh is not None:
            weights.hidden[:, columns:-1, k] = hidden.weight_hh.detach().double().numpy()
        if hidden.bias is not None:
            bias = hidden.bias.detach().double().numpy()
            weights.hidden[-len(bias) :, -1, k] = bias
        seen = net.weight_out.shape[1]
        weights.output[:, :seen, k] = net.weight_out.detach().double().numpy()
        if net.bias_out is not None:
            weights.output[:, -1, k] = net.bias_out.detach().double().numpy()
    return weights


def protocol_from(data: dict[str, Any]) -> Protocol:
    """Return a protocol from plain data, as a trial's parameters hold it."""
    protocol = replace(Protocol(**data), size=tuple(data["size"]))
    return replace(protocol, mean_below=math.inf) if data["mean_below"] is None else protocol


def plain_protocol(protocol: Protocol) -> dict[str, Any]:
    """Return a protocol as a trial's parameters hold it: JSON has no infinity, so None stands."""
    bound = protocol.mean_below if math.isfinite(protocol.mean_below) else None
    return {**asdict(protocol), "mean_below": bound}
