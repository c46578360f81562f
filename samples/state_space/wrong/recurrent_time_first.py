"""Outputs with time first."""

KIND = "wrapping"
SAYS = {"recurrent_form": "shape"}
BREAKS = {"filter-tests": ["recurrent_form"]}


# %% recurrent
def recurrent(system, x, h):
    A, B, C, D = system
    outputs = []
    for x_t in x.unbind(1):
        h = A * h + B * x_t.unsqueeze(-1)
        outputs.append(2 * (C * h).sum(-1).real + D * x_t)
    return torch.stack(outputs), h
