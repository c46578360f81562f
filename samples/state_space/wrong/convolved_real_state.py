"""The last state is real."""

SAYS = {"convolution_form": "dtype"}
BREAKS = {"convolution-tests": ["convolution_form", "convolved_state", "convolved_edges"]}


# %% convolved
def convolved(system, x, h):
    A, B, C, D = system
    time = x.shape[1]
    grown = powers(A, time + 1)
    before = 2 * torch.einsum("dn,bdn,dnt->btd", C, h, grown[..., 1:]).real
    y = causal_convolution(x, kernel(system, time)) + before + D * x
    written = torch.einsum("dn,dnt,btd->bdn", B, grown[..., :time].flip(-1), x.to(B.dtype))
    return y, (grown[..., time] * h + written).real
