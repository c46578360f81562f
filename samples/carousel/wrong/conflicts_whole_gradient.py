"""The requests are summed before the conflict is taken: a gradient has none."""

SAYS = {"asked_of_w": "summed before"}
BREAKS = {
    "conflicts-tests": ["asked_of_w", "asked_through_time", "conflict_edges"],
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
        input=weight_conflict(torch.einsum("th,ti->hi", e, x).unsqueeze(0)),
        output=weight_conflict(torch.einsum("to,th->toh", d, s)),
    )
