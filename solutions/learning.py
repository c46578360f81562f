"""Four ways to get a recurrent net's gradient, and what each gives up.

| rule | error goes back | cost per step | memory |
| --- | --- | --- | --- |
| full BPTT | through everything | O(W) | grows with the length |
| windowed BPTT | to the window's first step | O(W) | grows with the window |
| the rule of 1997 | through the carousels only | O(W) | two traces per weight into a cell |
| RTRL | nowhere: sensitivities go forward | O(hidden^4) | O(hidden^3) |

W = number of weights. Every function returns plain gradients, dL/d(parameter); a descent step
subtracts them. L is always a sum over steps and sequences, never a mean: only then is the
gradient of a sequence the sum of its windows' gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from solutions.carousel import G, H, LSTM1997State
from solutions.layer import SequenceLayer, check_sequence, check_state
from solutions.nets1997 import LSTM1997Net
from solutions.rnn import RNN, RNNState

Loss = Callable[[Tensor, Tensor], Tensor]  # (outputs, targets), both (batch, time, ...) -> sum


class Learned(NamedTuple):
    """What one pass over a sequence gives: the loss, its gradients, and the state to go on from."""

    loss: Tensor
    gradients: dict[str, Tensor]  # by parameter name
    state: Any


def half_squared_error(output: Tensor, target: Tensor) -> Tensor:
    """Return L = sum (output - target)^2 / 2: its derivative is output - target."""
    return ((output - target) ** 2).sum() / 2


def full_bptt(
    layer: SequenceLayer[Any],
    x: Float[Tensor, "batch time input"],
    target: Tensor,
    loss: Loss = half_squared_error,
    state: Any = None,
) -> Learned:
    """Back-propagate through time over the whole sequence.

    dL/dw = sum_t sum_{k <= t} dL(t)/dstate(t) dstate(t)/dstate(k) d'state(k)/dw

    with d' the direct derivative. ``target`` (batch, time, ...) is what ``loss`` compares the
    outputs with. The returned state is detached. Raises ValueError where ``target`` does not
    fit ``x``. Source: Werbos 1990.
    """
    check_sequence("x", x)
    _check_target(target, x)
    ### BEGIN SOLUTION
    y, state = layer(x, state)
    value = loss(y, target)
    parameters = {name: p for name, p in layer.named_parameters() if p.requires_grad}
    # A parameter that a short window does not use has a gradient of zero.
    gradients = torch.autograd.grad(value, list(parameters.values()), materialize_grads=True)
    named = dict(zip(parameters, gradients, strict=True))
    return Learned(value.detach(), named, _detached(state))
    ### END SOLUTION


def windowed_bptt(
    layer: SequenceLayer[Any],
    x: Float[Tensor, "batch time input"],
    target: Tensor,
    window: int,
    loss: Loss = half_squared_error,
    state: Any = None,
) -> Learned:
    """Back-propagate within windows: the state is carried on, error is not.

    The sequence is cut into pieces of ``window`` steps (the last may be shorter). Each piece
    starts from the state the one before left, taken as a constant, so the term with
    dstate(t)/dstate(k) counts only where k and t are in one window: memory is bounded, lags
    longer than the window are not learned. At ``window`` = time this is full BPTT. Raises
    ValueError for a window below 1. Source: Williams & Peng 1990, the form with k1 = k2.
    """
    check_sequence("x", x)
    _check_target(target, x)
    if window < 1:
        raise ValueError(f"window must be at least 1 step, got {window}")
    ### BEGIN SOLUTION
    total, gradients = x.new_zeros(()), dict[str, Tensor]()
    for x_piece, target_piece in zip(x.split(window, 1), target.split(window, 1), strict=True):
        piece = full_bptt(layer, x_piece, target_piece, loss, state)
        state = piece.state
        total = total + piece.loss
        for name, gradient in piece.gradients.items():
            gradients[name] = gradients[name] + gradient if name in gradients else gradient
    return Learned(total, gradients, state)
    ### END SOLUTION


def _check_target(target: Tensor, x: Tensor) -> None:
    if target.shape[:2] != x.shape[:2]:
        wanted = f"({x.shape[0]}, {x.shape[1]}, ...)"
        raise ValueError(f"target must have shape {wanted}, got {tuple(target.shape)}")


def _detached(state: Any) -> Any:
    """Return a nest of tensors without its history."""
    if isinstance(state, Tensor):
        return state.detach()
    parts = [_detached(part) for part in state]
    return type(state)(*parts) if hasattr(state, "_fields") else type(state)(parts)


# g' and h' in terms of the values of g and h, for every choice LSTM1997 has.
G_SLOPE: dict[str, Callable[[Tensor], Tensor]] = {
    "scaled": lambda g: 1 - g**2 / 4,
    "tanh": lambda g: 1 - g**2,
    "sigmoid": lambda g: g * (1 - g),
}
H_SLOPE: dict[str, Callable[[Tensor], Tensor]] = {
    "scaled": lambda h: (1 - h**2) / 2,
    "tanh": lambda h: 1 - h**2,
    "identity": torch.ones_like,
}


def truncated_rule_1997(
    net: LSTM1997Net,
    x: Float[Tensor, "batch time input"],
    target: Float[Tensor, "batch time output"],
    errors: str = "every",
    state: LSTM1997State | None = None,
) -> Learned:
    """Learn as the paper did: traces go forward with the activations, no error goes back.

    With z(t) = [x(t); y(t-1); 1], everything a net input is made of, and w the self-loop:

        Tc_jv(t) = w Tc_jv(t-1) + g'(net_jv) in_j z(t)              ds_jv / dW_c[jv]
        Ti_jv(t) = w Ti_jv(t-1) + g(net_jv) in_j (1 - in_j) z(t)    ds_jv / dW_in[j]

    and at every step that has an error, with L = sum_k (o_k - target_k)^2 / 2:

        e_k    = (o_k - target_k) o_k (1 - o_k)          dL/dV_k      = e_k [yc; 1]
        B_jv   = sum_k e_k V[k, jv]                      dL/dW_out[j] = sum_v h(s_jv) B_jv
        E_jv   = B_jv out_j h'(s_jv)                                    * out_j (1 - out_j) z
        dL/dW_c[jv] = E_jv Tc_jv                         dL/dW_in[j]  = sum_v E_jv Ti_jv

    (the paper's e_k has the other sign: it gives the descent step itself). ``errors`` is
    "every" for an error at every step, "last" for one at the last step only. Equal to what
    autograd finds when every y(t-1) is detached. Raises ValueError for another ``errors``, a
    target that does not fit, or a stack of nets. Source: Hochreiter & Schmidhuber 1997,
    appendix A.1.
    """
    layer = net.hidden
    if layer.seeds is not None:
        raise ValueError("net must be a single net, got a stack of seeds")
    if errors not in ("every", "last"):
        raise ValueError(f"errors must be 'every' or 'last', got {errors!r}")
    check_sequence("x", x, layer.input_size, like=layer.weight_ih)
    batch, time, _ = x.shape
    check_state("target", target, (batch, time, net.weight_out.shape[0]), layer.weight_ih)
    s, y = layer.initial_state(batch) if state is None else _detached(state)
    check_state("state.s", s, (batch, layer.cells), layer.weight_ih)
    check_state("state.y", y, (batch, layer.units), layer.weight_ih)
    C, B, w = layer.cells, layer.blocks, layer.self_loop

    def of_cells(gates: Tensor) -> Tensor:  # (batch, blocks) -> (batch, cells)
        return gates.index_select(-1, layer.block_of_cell)

    def over_block(cells: Tensor) -> Tensor:  # sums over v; the cells are axis 1
        return torch.stack([part.sum(1) for part in cells.split(layer.block_size, 1)], 1)

    with torch.no_grad():
        one = x.new_ones(batch, 1)
        W = torch.zeros(layer.units, x.shape[-1] + layer.units + 1, dtype=x.dtype, device=x.device)
        W[:, : x.shape[-1]] = layer.weight_ih
        if layer.weight_hh is not None:
            W[:, x.shape[-1] : -1] = layer.weight_hh
        if layer.bias is not None:
            W[-layer.bias.shape[0] :, -1] = layer.bias
        dW, dV = torch.zeros_like(W), torch.zeros_like(net.weight_out)
        dc = torch.zeros_like(net.weight_out[:, 0])
        Tc = torch.zeros(batch, *W[:C].shape, dtype=x.dtype, device=x.device)
        Ti = torch.zeros_like(Tc)
        loss = x.new_zeros(())
        for t, (x_t, target_t) in enumerate(zip(x.unbind(1), target.unbind(1), strict=True)):
            # Forward: the equations of LSTM1997, with the slope of every gate kept.
            z = torch.cat([x_t, y, one], dim=1)
            a = z @ W.T
            soft = torch.sigmoid(a[:, C:])
            gates = soft if layer.gate == "sigmoid" else (a[:, C:] > 0).to(x.dtype)
            slopes = soft * (1 - soft)
            g = G[layer.g](a[:, :C])
            # A gate that is left out is the constant 1.
            in_ = of_cells(gates[:, :B]) if layer.input_gate else torch.ones_like(s)
            out = of_cells(gates[:, -B:]) if layer.output_gate else torch.ones_like(s)
            s = w * s + in_ * g
            Tc = w * Tc + (G_SLOPE[layer.g](g) * in_).unsqueeze(2) * z.unsqueeze(1)
            if layer.input_gate:
                Ti = w * Ti + (g * of_cells(slopes[:, :B])).unsqueeze(2) * z.unsqueeze(1)
            h = H[layer.h](s)
            yc = out * h
            y = torch.cat([yc, gates], dim=1)
            if errors == "last" and t < time - 1:
                continue
            # The errors of this step, and every weight's share in them.
            seen = torch.cat([yc, x_t], dim=1) if net.connectivity == "B" else yc
            V, c = net.weight_out, net.bias_out
            o = torch.sigmoid(seen @ V.T if c is None else seen @ V.T + c)
            loss += half_squared_error(o, target_t)
            e = (o - target_t) * o * (1 - o)
            dV += e.T @ seen
            dc += e.sum(0)
            B_jv = e @ V[:, :C]
            E = B_jv * out * H_SLOPE[layer.h](h)
            dW[:C] += torch.einsum("bc,bcm->cm", E, Tc)
            if layer.input_gate:
                dW[C : C + B] += over_block(E.unsqueeze(2) * Ti).sum(0)
            if layer.output_gate:
                dW[-B:] += (over_block(h * B_jv) * slopes[:, -B:]).T @ z

    gradients = {"weight_out": dV, "hidden.weight_ih": dW[:, : x.shape[-1]]}
    if net.bias_out is not None:
        gradients["bias_out"] = dc
    if layer.weight_hh is not None:
        gradients["hidden.weight_hh"] = dW[:, x.shape[-1] : -1]
    if layer.bias is not None:
        gradients["hidden.bias"] = dW[-layer.bias.shape[0] :, -1]
    return Learned(loss, gradients, LSTM1997State(s, y))


def rtrl(
    layer: RNN,
    x: Float[Tensor, "batch time input"],
    target: Tensor,
    loss: Loss = half_squared_error,
    state: RNNState | None = None,
) -> Learned:
    """Learn in real time: carry dh(t)/dw forward for every weight w, so nothing goes back.

    For a layer h(t) = f(net(t)), net(t) = [W U b] z(t), z(t) = [x(t); h(t-1); 1]:

        P_k[i, m](t) = f'(net_k) ( sum_l U[k, l] P_l[i, m](t-1) + delta_ki z_m(t) )
        dL/d[W U b]  = sum_t sum_k dL(t)/dh_k(t) P_k(t)

    P = dh/d[W U b] is (batch, hidden, hidden, input + hidden + 1). It makes the gradient
    available at every step, exactly that of full BPTT, for O(hidden^4) work per step.
    ``loss`` compares states with ``target`` (batch, time, ...), one step at a time; names and
    sums are those of ``full_bptt``. Sources: Robinson & Fallside 1987; Williams & Zipser 1989.
    """
    cell = layer.cell
    check_sequence("x", x, cell.input_size, like=cell.weight_ih)
    _check_target(target, x)
    h = (layer.initial_state(x.shape[0]) if state is None else _detached(state)).h
    check_state("state.h", h, (x.shape[0], cell.hidden_size), cell.weight_hh)
    with torch.no_grad():
        W = torch.cat([cell.weight_ih, cell.weight_hh, cell.bias.unsqueeze(1)], dim=1)
        delta = torch.eye(cell.hidden_size, dtype=x.dtype, device=x.device)
        P = x.new_zeros(x.shape[0], cell.hidden_size, *W.shape)
        total, dW = x.new_zeros(()), torch.zeros_like(W)
        for x_t, target_t in zip(x.split(1, dim=1), target.split(1, dim=1), strict=True):
            z = torch.cat([x_t.squeeze(1), h, torch.ones_like(h[:, :1])], dim=1)
            h = cell(x_t.squeeze(1), h)
            slope = 1 - h**2 if cell.nonlinearity == "tanh" else (h > 0).to(x.dtype)
            P = torch.einsum("kl,blim->bkim", cell.weight_hh, P)
            P = P + torch.einsum("ki,bm->bkim", delta, z)
            P = slope[:, :, None, None] * P
            dh, value = torch.func.grad_and_value(loss)(h.unsqueeze(1), target_t)
            dW += torch.einsum("bk,bkim->im", dh.squeeze(1), P)
            total += value
    inputs, ends = cell.input_size, cell.input_size + cell.hidden_size
    gradients = {
        "cell.weight_ih": dW[:, :inputs],
        "cell.weight_hh": dW[:, inputs:ends],
        "cell.bias": dW[:, ends],
    }
    return Learned(total, gradients, RNNState(h))
