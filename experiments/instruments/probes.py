"""Instruments that look at one layer: serial steps, reach of the gradient, capacity.

None of them trains anything, so they give the same answer every time.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from solutions.layer import SequenceLayer


def serial_steps(output: Tensor) -> int:
    """Return the longest chain of operations, each waiting for the one before, behind a tensor.

    It is the depth of the autograd graph: what no number of processors can shorten.
    """
    if output.grad_fn is None:
        raise ValueError("output must be computed from something that requires a gradient")
    depth: dict[object, int] = {}
    stack = [output.grad_fn]
    while stack:
        node = stack[-1]
        parents = [parent for parent, _ in node.next_functions if parent is not None]
        unknown = [parent for parent in parents if parent not in depth]
        if unknown:
            stack += unknown
        else:
            depth[stack.pop()] = 1 + max((depth[parent] for parent in parents), default=0)
    return depth[output.grad_fn]


def gradient_by_lag(
    y: Float[Tensor, "batch time dim"], x: Float[Tensor, "batch time input"]
) -> Float[Tensor, " time"]:
    """Return how strongly the last output depends on the input k steps before, for every k.

    Entry k is the norm of the gradient of a random projection of y(T) by x(T-k), averaged over
    the batch. Entry 0 is the dependence on the last input itself.
    """
    projection = torch.randn(y.shape[-1], dtype=y.dtype, device=y.device)
    (gradient,) = torch.autograd.grad((y[:, -1] @ projection).sum(), x, retain_graph=True)
    return gradient.norm(dim=-1).mean(0).flip(0)


def recall_by_lag(
    layer: SequenceLayer[tuple[Tensor]], steps: int, longest: int, ridge: float = 1e-10
) -> Float[Tensor, " lag"]:
    """Return how well a linear readout of the state gives back the input of k steps ago.

    The layer reads ``steps`` random numbers of one input line, as it is, without training.
    Entry k is the squared correlation between the input of k steps ago and its best linear
    estimate from the state, on data that the estimate was not fitted to. The sum over k is the
    memory capacity, at most the number of units. Source: Jaeger 2002.
    """
    if steps < 4 * longest:
        raise ValueError(f"steps must be at least 4 * longest = {4 * longest}, got {steps}")
    dtype = next(layer.parameters()).dtype
    x = 2 * torch.rand(1, steps, 1, dtype=dtype) - 1
    with torch.no_grad():
        states, _ = layer(x)
    h = states[0, longest:]
    wanted = torch.stack([x[0, longest - k : steps - k, 0] for k in range(longest)], dim=1)
    half = len(h) // 2
    gram = h[:half].T @ h[:half] + ridge * torch.eye(h.shape[1], dtype=dtype)
    readout = torch.linalg.solve(gram, h[:half].T @ wanted[:half])
    guess, truth = h[half:] @ readout, wanted[half:]
    covariance = ((guess - guess.mean(0)) * (truth - truth.mean(0))).mean(0)
    variance = guess.var(0, correction=0) * truth.var(0, correction=0)
    return covariance**2 / variance.clamp(min=1e-12)


def explained(
    states: Float[Tensor, "sample unit"], target: Float[Tensor, " sample"], ridge: float = 1e-3
) -> tuple[float, float]:
    """Return how much of ``target``'s variance the state explains: its best unit, all units.

    The unit is picked, and the linear readout of all units fitted, on the first half of the
    samples; both shares (R squared) are taken on the second half.
    """
    half = len(states) // 2
    h = torch.cat([states, torch.ones(len(states), 1, dtype=states.dtype)], dim=1)
    fit, test, wanted = h[:half], h[half:], target[:half]

    def share(columns: Tensor | slice) -> float:
        used = fit[:, columns]
        gram = used.T @ used + ridge * torch.eye(used.shape[1], dtype=h.dtype)
        weights = torch.linalg.solve(gram, used.T @ wanted)
        error = target[half:] - test[:, columns] @ weights
        return 1 - (error.var() / target[half:].var()).item()

    correlation = torch.corrcoef(torch.cat([wanted.unsqueeze(1), states[:half]], dim=1).T)[0, 1:]
    best = int(correlation.nan_to_num().abs().argmax())
    return share(torch.tensor([best, states.shape[1]])), share(slice(None))
