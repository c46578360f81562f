"""The kernel as (time, model)."""

SAYS = {"kernel_form": "shape"}
BREAKS = {"filter-tests": ["kernel_form"]}


# %% kernel
def kernel(system, time):
    A, B, C, _D = system
    return 2 * torch.einsum("dn,dnt->td", C * B, powers(A, time)).real
