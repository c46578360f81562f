"""The kernel without B."""

SAYS = {"kernel_values": "B is left out"}
BREAKS = {"filter-tests": ["kernel_values"]}


# %% kernel
def kernel(system, time):
    A, _B, C, _D = system
    return 2 * torch.einsum("dn,dnt->dt", C, powers(A, time)).real
