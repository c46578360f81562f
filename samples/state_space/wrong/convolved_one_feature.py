"""All features are squeezed into one axis when there is one state."""

KIND = "wrapping"
SAYS = {"convolved_edges": "shape"}
BREAKS = {"convolution-tests": ["convolved_edges"]}


# %% convolved
def convolved(system, x, h):
    A, B, C, D = system
    time = x.shape[1]
    grown = powers(A, time + 1)
    before = 2 * torch.einsum("dn,bdn,dnt->btd", C, h, grown[..., 1:]).real
    y = causal_convolution(x, kernel(system, time)) + before + D * x
    written = torch.einsum("dn,dnt,btd->bdn", B, grown[..., :time].flip(-1), x.to(B.dtype))
    return y.squeeze(-1), grown[..., time] * h + written
