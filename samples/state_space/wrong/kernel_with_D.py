"""The direct way is in K(0)."""

SAYS = {"kernel_values": "D is in K(0)"}
BREAKS = {"filter-tests": ["kernel_values"]}


# %% kernel
def kernel(system, time):
    A, B, C, D = system
    direct = D.unsqueeze(-1) * (torch.arange(time) == 0)
    return direct + 2 * torch.einsum("dn,dnt->dt", C * B, powers(A, time)).real
