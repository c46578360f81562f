"""Only what comes through the state is kept."""

SAYS = {"direct": "direct part is missing"}
BREAKS = {"rtrl-tests": ["direct", "full_run"]}


# %% rtrl
def rtrl_step(W, x, h, P):
    inputs, hidden = x.shape[1], h.shape[1]
    z = torch.cat([x, h, torch.ones_like(x[:, :1])], dim=1)
    new = torch.tanh(z @ W.T)
    slope = (1 - new**2)[:, :, None, None]
    U = W[:, inputs : inputs + hidden]
    through = torch.einsum("kl,blim->bkim", U, P)
    return new, slope * through


def rtrl_gradient(P, error):
    return torch.einsum("bk,bkim->im", error, P)
