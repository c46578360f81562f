"""A plain tuple."""

KIND = "wrapping"
SAYS = {"conflicts_form": "Conflicts"}
BREAKS = {
    "conflicts-tests": ["conflicts_form"],
}


# %% conflicts
def conflicts(x, s, self_loop, weight_out, target):
    d = s @ weight_out.T - target
    e = torch.zeros_like(s)
    carried = torch.zeros_like(self_loop)
    for t in range(len(s) - 1, -1, -1):
        e[t] = d[t] @ weight_out + carried
        carried = self_loop * e[t]
    return (
        weight_conflict(torch.einsum("th,ti->thi", e, x)),
        weight_conflict(torch.einsum("to,th->toh", d, s)),
    )
