"""The loop multiplies the direct error, too."""

SAYS = {"asked_of_w": "V^T d(t) multiplied by w"}
BREAKS = {
    "conflicts-tests": ["asked_of_w"],
}


# %% conflicts
def conflicts(x, s, self_loop, weight_out, target):
    d = s @ weight_out.T - target
    e = torch.zeros_like(s)
    carried = torch.zeros_like(self_loop)
    for t in range(len(s) - 1, -1, -1):
        e[t] = self_loop * (d[t] @ weight_out + carried)
        carried = e[t]
    return Conflicts(
        input=weight_conflict(torch.einsum("th,ti->thi", e, x)),
        output=weight_conflict(torch.einsum("to,th->toh", d, s)),
    )
