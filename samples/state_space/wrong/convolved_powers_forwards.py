"""The powers are not turned round."""

SAYS = {"convolved_state": "turned round"}
BREAKS = {"convolution-tests": ["convolved_state"]}


# %% convolved
def convolved(system, x, h):
    A, B, C, D = system
    time = x.shape[1]
    grown = powers(A, time + 1)
    before = 2 * torch.einsum("dn,bdn,dnt->btd", C, h, grown[..., 1:]).real
    y = causal_convolution(x, kernel(system, time)) + before + D * x
    written = torch.einsum("dn,dnt,btd->bdn", B, grown[..., :time], x.to(B.dtype))
    return y, grown[..., time] * h + written
