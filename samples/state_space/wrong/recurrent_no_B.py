"""The input is written without B."""

SAYS = {"moved_on": "B is left out"}
BREAKS = {"filter-tests": ["moved_on"]}


# %% recurrent
def recurrent(system, x, h):
    A, _B, C, D = system
    outputs = []
    for x_t in x.unbind(1):
        h = A * h + x_t.unsqueeze(-1)
        outputs.append(2 * (C * h).sum(-1).real + D * x_t)
    return torch.stack(outputs, dim=1), h
