"""The kernel is in reverse order."""

SAYS = {"kernel_values": "reverse"}
BREAKS = {"filter-tests": ["kernel_values"]}


# %% kernel
def kernel(system, time):
    A, B, C, _D = system
    return 2 * torch.einsum("dn,dnt->dt", C * B, powers(A, time)).real.flip(1)
