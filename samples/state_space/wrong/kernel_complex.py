"""A complex kernel."""

SAYS = {"kernel_form": "dtype"}
BREAKS = {"filter-tests": ["kernel_form"]}


# %% kernel
def kernel(system, time):
    A, B, C, _D = system
    return 2 * torch.einsum("dn,dnt->dt", C * B, powers(A, time)).real + 0j
