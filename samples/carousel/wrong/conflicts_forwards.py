"""The sequence is walked through forwards, so requests look ahead."""

SAYS = {"asked_through_time": "walked through forwards"}
BREAKS = {
    "conflicts-tests": ["asked_through_time", "conflict_edges"],
}


# %% conflicts
def conflicts(x, s, self_loop, weight_out, target):
    d = s @ weight_out.T - target
    e = torch.zeros_like(s)
    carried = torch.zeros_like(self_loop)
    for t in range(len(s)):
        e[t] = d[t] @ weight_out + carried
        carried = self_loop * e[t]
    return Conflicts(
        input=weight_conflict(torch.einsum("th,ti->thi", e, x)),
        output=weight_conflict(torch.einsum("to,th->toh", d, s)),
    )
