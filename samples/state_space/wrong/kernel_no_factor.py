"""The kernel without the factor 2."""

SAYS = {"kernel_values": "factor 2"}
BREAKS = {"filter-tests": ["kernel_values"]}


# %% kernel
def kernel(system, time):
    A, B, C, _D = system
    return torch.einsum("dn,dnt->dt", C * B, powers(A, time)).real
