"""Train the paper's net on adding by the rule of 1997, and keep the weights of the best seed."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.ablations.online import WINDOW, advance
from experiments.harness.registry import Outcome
from experiments.instruments.rounding import rounded
from experiments.paper.run import TEST_SEQUENCES
from experiments.rule1997 import training as gr
from experiments.rule1997.memory import Weights
from experiments.rule1997.protocol import group, protocol_from
from solutions.nets1997 import EXPERIMENTS, LSTM1997Net


def run(parameters: dict[str, Any], device: str) -> Outcome:
    """Train up to eight seeds for the whole budget; return what each can do, and one's weights.

    Kept is the seed with the fewest of 2,560 fresh sequences wrong; its parameters are named as in
    ``LSTM1997Net``.
    """
    protocol, seeds = protocol_from(parameters["protocol"]), parameters["seeds"]
    nets = group(protocol, seeds)
    so_far = gr.progress(gr.Rule(protocol.tolerance, WINDOW, 0, 0.0))
    advance(nets, protocol, so_far, parameters["budget"])
    wrong, error = np.zeros(gr.LANES, np.int64), np.zeros(gr.LANES)
    gr.test(
        protocol.task,
        nets.size,
        *nets.net,
        nets.drawn,
        nets.given,
        protocol.tolerance,
        nets.way,
        nets.found,
        TEST_SEQUENCES,
        wrong,
        error,
    )
    best = int(wrong[: len(seeds)].argmin())
    net = EXPERIMENTS[protocol.net].build(**protocol.changes)
    return {
        "test_of": TEST_SEQUENCES,
        "tolerance": protocol.tolerance,
        "test_wrong": wrong[: len(seeds)].tolist(),
        "test_mean_error": [rounded(value) for value in error[: len(seeds)]],
        "kept": seeds[best],
        "weights": parameters_of(net, nets.weights, best),
    }


def parameters_of(net: LSTM1997Net, weights: Weights, lane: int) -> dict[str, Any]:
    """Return one lane's weights as the parameters of a net, by name, as nested lists.

    The net must have all biases, recurrent weights, and outputs that see the cells only.
    """
    inputs = net.hidden.input_size
    hidden, output = weights.hidden[:, :, lane], weights.output[:, :, lane]
    return {
        "hidden.weight_ih": hidden[:, :inputs].tolist(),
        "hidden.weight_hh": hidden[:, inputs:-1].tolist(),
        "hidden.bias": hidden[:, -1].tolist(),
        "weight_out": output[:, :-1].tolist(),
        "bias_out": output[:, -1].tolist(),
    }
