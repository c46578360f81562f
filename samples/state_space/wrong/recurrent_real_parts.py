"""The product of the real parts."""

SAYS = {"read_out": "real parts"}
BREAKS = {"filter-tests": ["read_out"]}


# %% recurrent
def recurrent(system, x, h):
    A, B, C, D = system
    outputs = []
    for x_t in x.unbind(1):
        h = A * h + B * x_t.unsqueeze(-1)
        outputs.append(2 * (C.real * h.real).sum(-1) + D * x_t)
    return torch.stack(outputs, dim=1), h
