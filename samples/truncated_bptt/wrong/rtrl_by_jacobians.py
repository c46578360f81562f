"""PyTorch makes the Jacobians: refused."""

KIND = "ready-made"
SAYS = {"through_state": "torch.func.jacrev is ready made"}
BREAKS = {
    "rtrl-tests": [
        "rtrl_form",
        "new_state",
        "direct",
        "slope",
        "through_state",
        "error_meets",
        "full_run",
    ]
}


# %% rtrl
def new_h(W, x, h):
    return torch.tanh(torch.cat([x, h, torch.ones_like(x[:1])]) @ W.T)


def rtrl_step(W, x, h, P):
    by_W = torch.stack([torch.func.jacrev(new_h)(W, *each) for each in zip(x, h, strict=True)])
    by_h = [torch.func.jacrev(new_h, 2)(W, *each) for each in zip(x, h, strict=True)]
    new = torch.stack([new_h(W, *each) for each in zip(x, h, strict=True)])
    return new, by_W + torch.einsum("bkl,blim->bkim", torch.stack(by_h), P)


def rtrl_gradient(P, error):
    return torch.einsum("bk,bkim->im", error, P)
