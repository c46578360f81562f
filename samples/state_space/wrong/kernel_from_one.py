"""The kernel begins with A to the power of 1."""

SAYS = {"kernel_values": "begins with A"}
BREAKS = {"filter-tests": ["kernel_values"]}


# %% kernel
def kernel(system, time):
    A, B, C, _D = system
    return 2 * torch.einsum("dn,dnt->dt", C * B, powers(A, time + 1)[..., 1:]).real
