"""Without the factor 2 of the pairs."""

SAYS = {"read_out": "factor 2"}
BREAKS = {"filter-tests": ["read_out"]}


# %% recurrent
def recurrent(system, x, h):
    A, B, C, D = system
    outputs = []
    for x_t in x.unbind(1):
        h = A * h + B * x_t.unsqueeze(-1)
        outputs.append((C * h).sum(-1).real + D * x_t)
    return torch.stack(outputs, dim=1), h
