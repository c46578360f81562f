"""The old P is lost."""

SAYS = {"through_state": "lost"}
BREAKS = {"rtrl-tests": ["through_state", "full_run"]}


# %% rtrl
def rtrl_step(W, x, h, P):
    hidden = h.shape[1]
    z = torch.cat([x, h, torch.ones_like(x[:, :1])], dim=1)
    new = torch.tanh(z @ W.T)
    slope = (1 - new**2)[:, :, None, None]
    direct = torch.einsum("ki,bm->bkim", torch.eye(hidden, dtype=z.dtype), z)
    return new, slope * direct


def rtrl_gradient(P, error):
    return torch.einsum("bk,bkim->im", error, P)
