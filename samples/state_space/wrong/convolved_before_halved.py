"""The factor 2 is missing at the state before."""

SAYS = {"convolved_output": "factor 2"}
BREAKS = {"convolution-tests": ["convolved_output"]}


# %% convolved
def convolved(system, x, h):
    A, B, C, D = system
    time = x.shape[1]
    grown = powers(A, time + 1)
    before = torch.einsum("dn,bdn,dnt->btd", C, h, grown[..., 1:]).real
    y = causal_convolution(x, kernel(system, time)) + before + D * x
    written = torch.einsum("dn,dnt,btd->bdn", B, grown[..., :time].flip(-1), x.to(B.dtype))
    return y, grown[..., time] * h + written
