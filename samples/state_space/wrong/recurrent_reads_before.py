"""The state is read before it moves."""

SAYS = {"read_out": "before the step"}
BREAKS = {"filter-tests": ["read_out"]}


# %% recurrent
def recurrent(system, x, h):
    A, B, C, D = system
    outputs = []
    for x_t in x.unbind(1):
        outputs.append(2 * (C * h).sum(-1).real + D * x_t)
        h = A * h + B * x_t.unsqueeze(-1)
    return torch.stack(outputs, dim=1), h
