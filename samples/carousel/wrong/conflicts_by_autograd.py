"""Every request by automatic differentiation: refused."""

KIND = "grave"
SAYS = {"asked_of_v": "ready made"}
BREAKS = {
    "conflicts-tests": [
        "measure",
        "nothing_asked",
        "conflicts_form",
        "asked_of_v",
        "asked_of_w",
        "asked_through_time",
        "conflict_edges",
    ],
}


# %% conflicts
def conflicts(x, s, self_loop, weight_out, target):
    def loss(V):
        return ((s @ V.T - target) ** 2).sum() / 2

    with torch.enable_grad():
        V = weight_out.clone().requires_grad_()
        whole = torch.autograd.grad(loss(V), V)[0]
    return Conflicts(input=torch.zeros(s.shape[1], x.shape[1]), output=weight_conflict(whole.unsqueeze(0)))
