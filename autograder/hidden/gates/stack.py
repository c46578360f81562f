"""Part 6, the stack: over layers of the judge's that know the lengths, but read one way."""

from __future__ import annotations

import torch
from torch import Tensor

from autograder.checks import Remote, Student, expect
from autograder.hidden.gates.ends import at_end
from autograder.hidden.gates.suite import suite
from autograder.hidden.shared.tools import expect_value, normal, untouched

PAIR = '''
import torch


class Pair(torch.nn.Module):
    """Lent by the judge: takes lengths and has a summary, and is not bidirectional."""

    def __init__(self, features, width):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.rand(width, features))

    def forward(self, x, state=None, lengths=None):
        if lengths is None:
            lengths = torch.full((len(x),), x.shape[1])
        y = torch.sin(x @ self.weight.T) + lengths.to(x.dtype).view(-1, 1, 1) / 3
        return y, ()

    def summary(self, x, lengths):
        return torch.sin(x @ self.weight.T).mean(1) * lengths.to(x.dtype).view(-1, 1)
'''


def pair_outputs(weight: Tensor, x: Tensor, n: Tensor) -> Tensor:
    return torch.sin(x @ weight.T) + n.to(x.dtype).view(-1, 1, 1) / 3


def pair_summary(weight: Tensor, x: Tensor, n: Tensor) -> Tensor:
    return torch.sin(x @ weight.T).mean(1) * n.to(x.dtype).view(-1, 1)


@suite.check(
    "bidirectional-tests",
    points=1,
    title="a stack: each layer reads the one below and knows the lengths",
)
def stacked(student: Student, rng: torch.Generator) -> None:
    with student.lent("Pair", PAIR):
        for depth in (3, 1, 2):
            layers = [student.Pair(4, 4) for _ in range(depth)]
            weights = [normal(rng, 4, 4) for _ in layers]
            stack = student.BidirectionalStack(layers)
            expect(isinstance(stack, Remote), "BidirectionalStack(layers) should make a module")
            for layer, weight in zip(layers, weights, strict=True):
                layer.double().load_state_dict({"weight": weight})
            expect(
                len(stack.state_dict()) == depth,
                "the layers are not part of the module: keep them in an nn.ModuleList",
            )
            x, n = normal(rng, 3, 5, 4), torch.tensor([5, 2, 3])
            full = torch.full_like(n, 5)
            values, deaf = [x], [x]
            for weight in weights:
                values.append(pair_outputs(weight, values[-1], n))
                deaf.append(pair_outputs(weight, deaf[-1], full))
            below = deaf[:-1] if depth == 1 else deaf
            suspects = {
                "The layers are not told the lengths": deaf[-1],
                "Each layer reads x; it should read what the layer below puts out": (
                    pair_outputs(weights[-1], x, n)
                ),
                "This is what the layer at the bottom puts out": values[1],
                "The layers come in the reverse order": _in_turn(weights[::-1], x, n),
                "The top layer is left out": values[-2],
                "The layers are added up": sum(values[1:], 0 * x),
                "There is a connection around each layer": _residual(weights, x, n),
                "Only the top layer is told the lengths": (
                    pair_outputs(weights[-1], below[depth - 1], n)
                ),
            }
            what = f"a stack of {depth}"
            hint = "y_0 = x, and y_k is what layer k puts out for y_{k-1}"
            expect_value(stack(x, n), values[-1], suspects, hint, what=what)
            untouched(student, "BidirectionalStack.forward")
            suspects = {
                "The layers below the top are not told the lengths": (
                    pair_summary(weights[-1], below[depth - 1], n)
                ),
                "The summary of the top layer is that of its own outputs: it reads what the layer "
                "below puts out": pair_summary(weights[-1], values[-1], n),
                "The summary is that of the layer at the bottom": pair_summary(weights[0], x, n),
                "The top layer reads x; it should read what the layer below puts out": (
                    pair_summary(weights[-1], x, n)
                ),
                "This is the last valid step of the outputs; the top layer has a summary": (
                    at_end(values[-1], n)
                ),
                "This is the last step of the outputs; the top layer has a summary": (
                    values[-1][:, -1]
                ),
            }
            hint = "ask the top layer for its summary of what the layers below put out"
            what = f"the summary of a stack of {depth}"
            expect_value(
                stack.summary(x, n),
                pair_summary(weights[-1], values[-2], n),
                suspects,
                hint,
                what=what,
            )


def _in_turn(weights: list[Tensor], x: Tensor, n: Tensor) -> Tensor:
    for weight in weights:
        x = pair_outputs(weight, x, n)
    return x


def _residual(weights: list[Tensor], x: Tensor, n: Tensor) -> Tensor:
    for weight in weights:
        x = x + pair_outputs(weight, x, n)
    return x
