"""The kernel has no history."""

KIND = "wrapping"
SAYS = {"filter_gradients": "gradient"}
BREAKS = {"filter-tests": ["filter_gradients"]}


# %% kernel
def kernel(system, time):
    A, B, C, _D = system
    return 2 * torch.einsum("dn,dnt->dt", (C * B).detach(), powers(A, time)).real
