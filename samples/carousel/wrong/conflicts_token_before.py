"""The input's request pairs the error with the token before."""

SAYS = {"asked_of_w": "pairs e(t) with x(t-1)"}
BREAKS = {
    "conflicts-tests": ["asked_of_w", "conflict_edges"],
}


# %% conflicts
def conflicts(x, s, self_loop, weight_out, target):
    d = s @ weight_out.T - target
    e = torch.zeros_like(s)
    carried = torch.zeros_like(self_loop)
    for t in range(len(s) - 1, -1, -1):
        e[t] = d[t] @ weight_out + carried
        carried = self_loop * e[t]
    return Conflicts(
        input=weight_conflict(torch.einsum("th,ti->thi", e[1:], x[:-1])),
        output=weight_conflict(torch.einsum("to,th->toh", d, s)),
    )
