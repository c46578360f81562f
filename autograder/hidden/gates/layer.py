"""Part 2, the LSTM layer: the laws of sequence layers, over the student's cell or over ours."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from autograder.hidden.gates import cell
from autograder.hidden.gates.equation import RIGHT, random_weights, start
from autograder.hidden.gates.suite import suite
from autograder.hidden.shared import laws
from autograder.hidden.shared.layers import Layer, Lent, Rule, State, Weights

# Another cell with the same parameters and methods. It says nothing about the equations of part 1.
WAVES = '''
import torch


class Waves(torch.nn.Module):
    """Lent by the judge: not the cell of part 1."""

    nets, forget = 4, 1

    def __init__(self, input_size, hidden_size, forget_bias=None):
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        self.weight_ih = torch.nn.Parameter(torch.rand(4 * hidden_size, input_size))
        self.weight_hh = torch.nn.Parameter(torch.rand(4 * hidden_size, hidden_size))
        self.bias = torch.nn.Parameter(torch.rand(4 * hidden_size))

    def forward(self, x, h, c):
        return self.advance(x @ self.weight_ih.T + self.bias, h, c)

    def advance(self, net, h, c):
        first, second, third, fourth = torch.cos(0.05 * (net + h @ self.weight_hh.T)).chunk(4, 1)
        return 0.4 * h + 0.2 * c + first - second, 0.3 * c + third - fourth


class LSTM(LSTM):
    cell_type = Waves

    def __init__(self, input_size, hidden_size, forget_bias=None):
        super().__init__(input_size, hidden_size, forget_bias)
        self.cell = Waves(input_size, hidden_size)
'''


def waves(weights: Weights, x: Tensor, state: State) -> tuple[Tensor, State]:
    """The layer over the cell that is lent."""
    (h, c), outputs = state, []
    for x_t in x.unbind(1):
        net = x_t @ weights["weight_ih"].T + h @ weights["weight_hh"].T + weights["bias"]
        first, second, third, fourth = torch.cos(0.05 * net).chunk(4, dim=1)
        h, c = 0.4 * h + 0.2 * c + first - second, 0.3 * c + third - fourth
        outputs.append(h)
    return torch.stack(outputs, dim=1), (h, c)


# --- mistakes of this layer -------------------------------------------------------------------


def unrolled(
    output: Callable[[Tensor, Tensor], Tensor] = lambda h, c: h,
    carried: Callable[[State, State], State] = lambda new, first: new,
    given_back: Callable[[Tensor, Tensor], State] = lambda h, c: (h, c),
    begins: Callable[[Tensor, Tensor], State] = lambda h, c: (h, c),
) -> Rule:
    """The layer with another output, state on its way to the next token, end or beginning."""

    def rule(weights: Weights, x: Tensor, state: State) -> tuple[Tensor, State]:
        (h, c), outputs = begins(*state), []
        h0, c0 = state
        for x_t in x.unbind(1):
            h, c = RIGHT.step(weights, x_t, h, c)
            outputs.append(output(h, c))
            h, c = carried((h, c), (h0, c0))
        return torch.stack(outputs, dim=1), given_back(h, c)

    return rule


WRONG: dict[str, Rule] = {
    "The output is c(t); it should be h(t)": unrolled(output=lambda h, c: c),
    "h and c are exchanged in the new state: it is LSTMState(h, c)": (
        unrolled(given_back=lambda h, c: (c, h))
    ),
    "state.c holds h(t); it should hold the cells": unrolled(given_back=lambda h, c: (h, h)),
    "Every token starts from the first cells: c is not handed on": (
        unrolled(carried=lambda new, first: (new[0], first[1]))
    ),
    "The cells of the state that comes in are not used: c begins with zeros": (
        unrolled(begins=lambda h, c: (h, 0 * c))
    ),
    "The output of the state that comes in is not used: h begins with zeros": (
        unrolled(begins=lambda h, c: (0 * h, c))
    ),
    "The cells are handed on as h, too: the gates should hear h(t-1)": (
        unrolled(carried=lambda new, first: (new[1], new[1]))
    ),
    "The outputs are handed on as c, too: the cells keep c(t-1)": (
        unrolled(carried=lambda new, first: (new[0], new[0]))
    ),
}

LAYER = Layer(
    name="LSTM",
    record="LSTMState",
    fields=("h", "c"),
    sizes=((3, 5), (1, 1), (2, 4), (4, 1), (1, 3)),
    weights=random_weights,
    rule=RIGHT.rule,
    start=start,
    wrong=WRONG,
    lent=Lent(
        pieces={"LSTM": WAVES},
        rule=waves,
        variants={},
        at_fault=(cell.whole, cell.cell_gradients),
        words="LSTMCell by itself gives other numbers than the equations: put part 1 right first",
    ),
)

laws.hold(
    suite,
    "lstm-layer-tests",
    LAYER,
    dict.fromkeys(laws.ALL, 0.5),
    "lstm_",
)
