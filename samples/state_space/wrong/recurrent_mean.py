"""The mean over the states."""

SAYS = {"read_out": "averaged"}
BREAKS = {"filter-tests": ["read_out"]}


# %% recurrent
def recurrent(system, x, h):
    A, B, C, D = system
    outputs = []
    for x_t in x.unbind(1):
        h = A * h + B * x_t.unsqueeze(-1)
        outputs.append(2 * (C * h).mean(-1).real + D * x_t)
    return torch.stack(outputs, dim=1), h
