"""Automatic differentiation: refused."""

KIND = "ready-made"
SAYS = {"back_in_time": "torch.autograd.backward is ready made"}
BREAKS = {
    "carousel-gradients-tests": [
        "gradients_form",
        "last_step",
        "back_in_time",
        "loss_at_every_step",
        "loop_gradient",
        "input_gradient",
        "first_state",
        "gradient_edges",
    ],
}


# %% carousel-gradients
def carousel_gradients(x, s0, s, self_loop, weight_ih, grad_s):
    with torch.enable_grad():
        x, s0, w, W = (v.clone().requires_grad_() for v in (x, s0, self_loop, weight_ih))
        state, loss = s0, 0
        for t in range(s.shape[1]):
            state = w * state + x[:, t] @ W.T
            loss = loss + (grad_s[:, t] * state).sum()
        loss.backward()
    return CarouselGradients(x.grad, s0.grad, w.grad, W.grad)
