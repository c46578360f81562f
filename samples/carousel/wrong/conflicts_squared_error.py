"""The squared error where its gradient belongs."""

SAYS = {"asked_of_v": "error is squared"}
BREAKS = {
    "conflicts-tests": ["asked_of_v", "conflict_edges"],
}


# %% conflicts
def conflicts(x, s, self_loop, weight_out, target):
    d = (s @ weight_out.T - target) ** 2
    e = torch.zeros_like(s)
    carried = torch.zeros_like(self_loop)
    for t in range(len(s) - 1, -1, -1):
        e[t] = d[t] @ weight_out + carried
        carried = self_loop * e[t]
    return Conflicts(
        input=weight_conflict(torch.einsum("th,ti->thi", e, x)),
        output=weight_conflict(torch.einsum("to,th->toh", d, s)),
    )
