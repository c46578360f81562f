"""Powers by logarithms: an A of 0 has none."""

KIND = "wrapping"
SAYS = {"filter_edges": "0"}
BREAKS = {"filter-tests": ["filter_edges"]}


# %% kernel
def kernel(system, time):
    A, B, C, _D = system
    return (
        2
        * torch.einsum(
            "dn,dnt->dt", C * B, torch.exp(A.log().unsqueeze(-1) * torch.arange(time))
        ).real
    )
