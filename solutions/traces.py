"""A layer of memory cells under the rule of 1997: with autograd, and with traces instead of it.

The smallest such layer: every cell has gates of its own, g and h are tanh. It has one weight
matrix W, with a row for every unit and a column for every number that a unit hears:

    z(t)   = [x(t); y(t-1); 1]                    tokens, the whole layer one step ago, a bias
    in(t)  = f(W_in z(t)),   out(t) = f(W_out z(t))          f = the logistic function
    s(t)   = s(t-1) + in(t) tanh(W_c z(t))                   the carousel
    yc(t)  = out(t) tanh(s(t))                               what a cell says
    y(t)   = [yc(t); in(t); out(t)]                          the gates feed back, too

W = [W_c; W_in; W_out]: the rows of the cells first, then the input gates, then the output gates.
``solutions.learning.truncated_rule_1997`` is the same rule for every net the paper ran. Source:
Hochreiter & Schmidhuber 1997, appendix A.1.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor


class CellState(NamedTuple):
    """What a layer of memory cells remembers."""

    s: Float[Tensor, "batch cells"]  # the carousels
    y: Float[Tensor, "batch units"]  # [yc; in; out], so units = 3 * cells


def memory_cells(
    W: Float[Tensor, "units width"],
    x: Float[Tensor, "batch time input"],
    state: CellState,
    truncated: bool = True,
) -> tuple[Float[Tensor, "batch time cells"], CellState]:
    """Return yc at every step, and the state after the last one.

    With ``truncated`` every y(t-1) is a constant, so error goes back in time through s alone:
    that is the rule of 1997. Without, error goes back through everything. The numbers that come
    out are the same. width = input + units + 1.
    """
    cells = state.s.shape[1]
    ### BEGIN SOLUTION
    s, y = state
    outputs = []
    for x_t in x.unbind(dim=1):
        heard = y.detach() if truncated else y
        z = torch.cat([x_t, heard, torch.ones_like(x_t[:, :1])], dim=1)
        net_c, net_in, net_out = (z @ W.T).split(cells, dim=1)
        in_, out = torch.sigmoid(net_in), torch.sigmoid(net_out)
        s = s + in_ * torch.tanh(net_c)
        yc = out * torch.tanh(s)
        y = torch.cat([yc, in_, out], dim=1)
        outputs.append(yc)
    return torch.stack(outputs, dim=1), CellState(s, y)
    ### END SOLUTION


class Traces(NamedTuple):
    """What the rule of 1997 holds after a step; all but z goes on to the next."""

    s: Float[Tensor, "batch cells"]
    y: Float[Tensor, "batch units"]
    z: Float[Tensor, "batch width"]  # what the units have just heard: [x(t); y(t-1); 1]
    cell: Float[Tensor, "batch cells width"]  # ds_j / dW_c[j]
    gate: Float[Tensor, "batch cells width"]  # ds_j / dW_in[j]


def trace_step(
    W: Float[Tensor, "units width"], x: Float[Tensor, "batch input"], before: Traces
) -> Traces:
    """Read one token of each sequence: the new state, and the traces that go with it.

    cell_j(t) = cell_j(t-1) + in_j tanh'(net_c_j) z(t)
    gate_j(t) = gate_j(t-1) + tanh(net_c_j) in_j (1 - in_j) z(t)

    with tanh' = 1 - tanh^2, in_j the gate at step t, and z(t) = [x(t); y(t-1); 1].
    """
    cells = before.s.shape[1]
    ### BEGIN SOLUTION
    z = torch.cat([x, before.y, torch.ones_like(x[:, :1])], dim=1)
    net_c, net_in, net_out = (z @ W.T).split(cells, dim=1)
    g, in_, out = torch.tanh(net_c), torch.sigmoid(net_in), torch.sigmoid(net_out)
    s = before.s + in_ * g
    cell = before.cell + (in_ * (1 - g**2)).unsqueeze(2) * z.unsqueeze(1)
    gate = before.gate + (g * in_ * (1 - in_)).unsqueeze(2) * z.unsqueeze(1)
    return Traces(s, torch.cat([out * torch.tanh(s), in_, out], dim=1), z, cell, gate)
    ### END SOLUTION


def trace_gradient(
    now: Traces, error: Float[Tensor, "batch cells"]
) -> Float[Tensor, "units width"]:
    """Return what the error of one step says about W, summed over the sequences.

    With ``error`` = dL/dyc(t) and E_j = error_j out_j (1 - h_j^2), where h_j = tanh(s_j):

        dL/dW_c[j] = E_j cell_j      dL/dW_in[j] = E_j gate_j
        dL/dW_out[j] = error_j h_j out_j (1 - out_j) z(t)
    """
    cells = now.s.shape[1]
    ### BEGIN SOLUTION
    h, out = torch.tanh(now.s), now.y[:, 2 * cells :]
    entering = error * out * (1 - h**2)
    at_gate = error * h * out * (1 - out)
    by_cell = torch.einsum("bc,bcm->cm", entering, now.cell)
    by_gate = torch.einsum("bc,bcm->cm", entering, now.gate)
    return torch.cat([by_cell, by_gate, at_gate.T @ now.z])
    ### END SOLUTION
