"""The gradient by s0 is multiplied by w^T, though e(1) has that already."""

SAYS = {"first_state": "w for each step"}
BREAKS = {
    "carousel-gradients-tests": ["first_state", "gradient_edges"],
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
        s0=self_loop ** s.shape[1] * e[:, 0],
        self_loop=(e * before).sum(dim=(0, 1)),
        weight_ih=torch.einsum("bth,bti->hi", e, x),
    )
