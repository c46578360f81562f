"""Gradients are collected in tensors of the default dtype."""

KIND = "wrapping"
SAYS = {"form": "float32, expected float64"}
BREAKS = {
    "bptt-tests": ["form"],
}


# %% bptt
def bptt(x, h0, h, weight_ih, weight_hh, grad_h):
    before = torch.cat([h0.unsqueeze(1), h[:, :-1]], dim=1)
    carried = torch.zeros_like(h0)
    dx, dW, dU, db = torch.zeros_like(x), 0, 0, 0
    for t in reversed(range(h.shape[1])):
        delta = (grad_h[:, t] + carried) * (1 - h[:, t] ** 2)
        carried = delta @ weight_hh
        dx[:, t] = delta @ weight_ih
        dW = dW + delta.T @ x[:, t]
        dU = dU + delta.T @ before[:, t]
        db = db + delta.sum(dim=0)
    found = (dx, carried, dW, dU, db)
    return BPTTGradients(*(value.float() for value in found))
