"""Only the real part of the state is kept."""

SAYS = {"moved_on": "real part"}
BREAKS = {"filter-tests": ["moved_on", "read_out"]}


# %% recurrent
def recurrent(system, x, h):
    A, B, C, D = system
    outputs = []
    for x_t in x.unbind(1):
        h = (A * h + B * x_t.unsqueeze(-1)).real + 0 * h
        outputs.append(2 * (C * h).sum(-1).real + D * x_t)
    return torch.stack(outputs, dim=1), h
