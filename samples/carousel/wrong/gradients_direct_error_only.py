"""The gradient by W takes grad_s for the whole error."""

SAYS = {"input_gradient": "grad_s stands for e(t)"}
BREAKS = {
    "carousel-gradients-tests": ["input_gradient", "gradient_edges"],
}


# %% carousel-gradients
def carousel_gradients(x, s0, s, self_loop, weight_ih, grad_s):
    e = torch.zeros_like(grad_s)
    carried = torch.zeros_like(s0)
    for t in range(s.shape[1] - 1, -1, -1):
        e[:, t] = grad_s[:, t] + carried
        carried = self_loop * e[:, t]
    before = torch.cat([s0.unsqueeze(1), s[:, :-1]], dim=1)
    return CarouselGradients(
        x=e @ weight_ih,
        s0=carried,
        self_loop=(e * before).sum(dim=(0, 1)),
        weight_ih=torch.einsum("bth,bti->hi", grad_s, x),
    )
