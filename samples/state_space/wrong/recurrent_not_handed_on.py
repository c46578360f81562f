"""Every step starts from the first state."""

SAYS = {"carried": "first state"}
BREAKS = {"filter-tests": ["carried"]}


# %% recurrent
def recurrent(system, x, h):
    A, B, C, D = system
    outputs, first = [], h
    for x_t in x.unbind(1):
        h = A * first + B * x_t.unsqueeze(-1)
        outputs.append(2 * (C * h).sum(-1).real + D * x_t)
    return torch.stack(outputs, dim=1), h
