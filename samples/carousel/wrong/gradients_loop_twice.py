"""The error passes the loop twice in a step."""

SAYS = {"back_in_time": "w^2"}
BREAKS = {
    "carousel-gradients-tests": [
        "back_in_time",
        "loss_at_every_step",
        "first_state",
        "gradient_edges",
    ],
}


# %% carousel-gradients
def carousel_gradients(x, s0, s, self_loop, weight_ih, grad_s):
    e = torch.zeros_like(grad_s)
    carried = torch.zeros_like(s0)
    for t in range(s.shape[1] - 1, -1, -1):
        e[:, t] = grad_s[:, t] + carried
        carried = self_loop**2 * e[:, t]
    before = torch.cat([s0.unsqueeze(1), s[:, :-1]], dim=1)
    return CarouselGradients(
        x=e @ weight_ih,
        s0=carried,
        self_loop=(e * before).sum(dim=(0, 1)),
        weight_ih=torch.einsum("bth,bti->hi", e, x),
    )
