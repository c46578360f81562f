"""Walks the graph by hand: every node of it can be called, without any engine.

Deserves: nothing
"""

# %% prelude
import torch


def differentiated(loss, values):
    with torch.enable_grad():
        leaves = [value.detach().clone().requires_grad_() for value in values]
        total = loss(*leaves)
    found = [torch.zeros_like(value) for value in values]
    waiting = {total.grad_fn: torch.ones((), dtype=total.dtype)}
    while waiting:
        node = max(waiting, key=lambda node: node._sequence_nr())  # the youngest first
        grad = waiting.pop(node)
        if hasattr(node, "variable"):
            place = [leaf is node.variable for leaf in leaves].index(True)
            found[place] = found[place] + grad
            continue
        given = node(grad)
        given = given if isinstance(given, tuple) else (given,)
        for (before, _), part in zip(node.next_functions, given):
            if before is not None and part is not None:
                waiting[before] = waiting[before] + part if before in waiting else part
    return found


# %% bptt
def bptt(x, h0, h, weight_ih, weight_hh, grad_h):
    # atanh(h) gives back the net input, so the bias follows from the first state
    bias = (torch.atanh(h[:, 0]) - x[:, 0] @ weight_ih.T - h0 @ weight_hh.T)[0]

    def loss(x, h, weight_ih, weight_hh, bias):
        states = []
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ weight_ih.T + h @ weight_hh.T + bias)
            states.append(h)
        return (torch.stack(states, 1) * grad_h).sum()

    return BPTTGradients(*differentiated(loss, (x, h0, weight_ih, weight_hh, bias)))
