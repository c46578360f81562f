"""Automatic differentiation of a linearised forward pass: refused."""

KIND = "ready-made"
SAYS = {"back_in_time": "torch.autograd.backward is ready made"}
BREAKS = {
    "bptt-tests": [
        "form",
        "last_step",
        "back_in_time",
        "loss_at_every_step",
        "recurrent_weight",
        "sums",
        "first_state",
        "bptt_edges",
    ],
}


# %% bptt
def bptt(x, h0, h, weight_ih, weight_hh, grad_h):
    with torch.enable_grad():
        x, h0, W, U = (v.clone().requires_grad_() for v in (x, h0, weight_ih, weight_hh))
        b = torch.zeros_like(U[0]).requires_grad_()
        state, loss = h0, 0
        for t in range(h.shape[1]):
            a = x[:, t] @ W.T + state @ U.T + b
            state = h[:, t] + (1 - h[:, t] ** 2) * (a - a.detach())
            loss = loss + (grad_h[:, t] * state).sum()
        loss.backward()
    return BPTTGradients(x.grad, h0.grad, W.grad, U.grad, b.grad)
