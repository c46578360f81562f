"""A trained net of 1997 at work: what its gates and states do while it adds two marked numbers.

The net has two blocks of two memory cells; its weights are those of ``kept-adding``. The sequence
has 100 pairs: fixed random numbers, of which two are marked, and these two are set by sliders, as
are the places of the marks.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import torch
from committed import committed
from torch import Tensor

from solutions.nets1997 import EXPERIMENTS, LSTM1997Net
from touch import Axis, Curve, Frame, Number, Panel, Settings, Slider, TouchFigure

RESULT = "experiments/results/kept-adding.json"
STEPS, BLOCKS, CELLS = 100, 2, 4


def trained() -> LSTM1997Net:
    """Return the net with the weights that were kept."""
    (outcome,) = committed(RESULT).outcomes.values()
    net = EXPERIMENTS["adding"].build().double()
    weights = {name: torch.tensor(v).double() for name, v in outcome["weights"].items()}
    net.load_state_dict(weights)
    return net


NET = trained()
VALUES = 2 * torch.rand(STEPS, generator=torch.Generator().manual_seed(0)).double() - 1


class Course(NamedTuple):
    """What happened at every step."""

    marks: Tensor  # (time,)
    states: Tensor  # (time, cells)
    gates: Tensor  # (time, input gates and output gates)
    answer: Tensor  # (time,) the output, as a sum


def sequence(first: int, second: int, a: float, b: float) -> Tensor:
    """Return the pairs (value, marker): 1 marks the two numbers, -1 the first and last pair."""
    x = torch.stack([VALUES, torch.zeros(STEPS).double()], dim=1)
    x[0, 1] = x[-1, 1] = -1
    x[first - 1, 0], x[second - 1, 0] = a, b
    x[first - 1, 1] = x[second - 1, 1] = 1
    return x


@lru_cache
def course(first: int, second: int, a: float, b: float) -> Course:
    """Run the net over the sequence and note everything."""
    x = sequence(first, second, a, b)
    state, states, gates, outputs = NET.initial_state(1), [], [], []
    with torch.no_grad():
        for x_t in x.split(1):
            o, state = NET.step(x_t, state)
            states.append(state.s[0])
            gates.append(state.y[0, CELLS:])
            outputs.append(o[0, 0])
    answer = 4 * (torch.stack(outputs) - 0.5)
    return Course((x[:, 1] == 1).double(), torch.stack(states), torch.stack(gates), answer)


def of(settings: Settings) -> Course:
    places = int(settings["first"]), int(settings["second"])
    return course(*places, settings["a"], settings["b"])


def state(cell: int) -> Curve:
    return Curve(
        f"s{cell + 1}",
        f"state $s_{cell + 1}$ of block 1",
        "lstm1997",
        ("-", "--")[cell],
        lambda settings: of(settings).states[:, cell].tolist(),
    )


def gate(key: str, label: str, place: int) -> Curve:
    def values(settings: Settings) -> list[float]:
        opened: list[float] = of(settings).gates[:, place].tolist()
        return opened

    return Curve(key, label, "flow", "-", values, panel=1)


FIGURE = TouchFigure(
    title="A trained net of 1997 at work, to touch",
    alt=(
        "Two states of memory cells and the net's answer over 100 steps. The states are flat "
        "except at the two marked steps, where they jump. Below, rows of cells show that the input "
        "gate of block 1 is open at the marks alone."
    ),
    across="step $t$",
    frame=Frame(width=270, first=1, last=STEPS, tick=11),
    panels=(Panel(140, Axis("states, and the answer", -2, 2, 1)), Panel(0, None)),
    controls=(
        Slider("first", "Place of the first mark", 2, 10, 1, 7),
        Slider("second", "Place of the second mark", 11, 49, 1, 30),
        Slider("a", "First marked number", -1.0, 1.0, 0.05, 0.6),
        Slider("b", "Second marked number", -1.0, 1.0, 0.05, -0.2),
    ),
    curves=(
        state(0),
        state(1),
        Curve("answer", "answer", "ink", ":", lambda settings: of(settings).answer.tolist()),
        Curve(
            "marks", "marked", "error", "-", lambda settings: of(settings).marks.tolist(), panel=1
        ),
        gate("in1", "input gate 1", 0),
        gate("out1", "output gate 1", 2),
        gate("in2", "input gate 2", 1),
        gate("out2", "output gate 2", 3),
    ),
    says=(
        "Marked are {a} at step {first} and {b} at step {second}; they add up to {sum}. At the end "
        "the net answers {answer}."
    ),
    data={
        "weights": {name: value.tolist() for name, value in NET.state_dict().items()},
        "values": VALUES.tolist(),
        "blocks": BLOCKS,
        "cells": CELLS,
    },
    numbers=(Number("sum", lambda settings: settings["a"] + settings["b"]),),
    files=(RESULT,),
)
