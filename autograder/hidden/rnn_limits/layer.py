"""Part 2, the layer: the laws of sequence layers, over the student's cell or over ours."""

from __future__ import annotations

import torch
from torch import Tensor

from autograder.hidden.rnn_limits import cell
from autograder.hidden.rnn_limits.suite import suite
from autograder.hidden.rnn_limits.textbook import random_weights, textbook
from autograder.hidden.shared import laws
from autograder.hidden.shared.layers import Layer, Lent, Rule, State, Variant, Weights, zeros

# Another cell with the same parameters: unit i compares the input with row i of W and the state
# with row i of U. It says nothing about the equation that part 1 asks for.
DISTANCES = '''
import torch


class RNNCell(torch.nn.Module):
    """Lent by the judge: not the cell of part 1."""

    def __init__(self, input_size: int, hidden_size: int, nonlinearity: str = "tanh") -> None:
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        self.nonlinearity = nonlinearity
        self.weight_ih = torch.nn.Parameter(torch.rand(hidden_size, input_size))
        self.weight_hh = torch.nn.Parameter(torch.rand(hidden_size, hidden_size))
        self.bias = torch.nn.Parameter(torch.rand(hidden_size))

    def forward(self, x, h):
        far_x = (x.unsqueeze(1) - self.weight_ih).square().mean(-1)
        far_h = (h.unsqueeze(1) - self.weight_hh).square().mean(-1)
        f = torch.tanh if self.nonlinearity == "tanh" else torch.relu
        return 0.8 * h + 0.2 * f(self.bias + far_x - far_h)
'''


def distances(nonlinearity: str) -> Rule:
    """The layer over the cell that is lent."""
    f = torch.tanh if nonlinearity == "tanh" else torch.relu

    def rule(weights: Weights, x: Tensor, state: State) -> tuple[Tensor, State]:
        W, U, b = weights["weight_ih"], weights["weight_hh"], weights["bias"]
        (h,), outputs = state, []
        for x_t in x.unbind(1):
            far = (x_t.unsqueeze(1) - W).square().mean(-1), (h.unsqueeze(1) - U).square().mean(-1)
            h = 0.8 * h + 0.2 * f(b + far[0] - far[1])
            outputs.append(h)
        return torch.stack(outputs, dim=1), (h,)

    return rule


def with_relu(rule: Rule) -> dict[str, Variant]:
    hint = "Does the layer hand nonlinearity on to its cell?"
    return {"nonlinearity='relu'": Variant(("relu",), rule, hint)}


LAYER = Layer(
    name="RNN",
    record="RNNState",
    fields=("h",),
    sizes=((3, 5), (1, 1), (2, 4), (4, 1), (1, 3)),
    weights=random_weights,
    rule=textbook("tanh"),
    start=zeros("weight_hh"),
    variants=with_relu(textbook("relu")),
    lent=Lent(
        pieces={"RNNCell": DISTANCES},
        rule=distances("tanh"),
        variants=with_relu(distances("relu")),
        at_fault=(cell.together, cell.cell_gradients),
        words="RNNCell by itself gives other numbers than the equation: put part 1 right first",
    ),
)

laws.hold(
    suite,
    "rnn-layer-tests",
    LAYER,
    {
        laws.initial_state: 0.5,
        laws.one_step: 1,
        laws.whole_sequence: 1,
        laws.start_state: 0.5,
        laws.chunks: 0.5,
        laws.apart: 0.5,
        laws.layer_gradients: 0.5,
        laws.layer_edges: 0.5,
    },
)
