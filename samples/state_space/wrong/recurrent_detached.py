"""The state loses its history at every step."""

KIND = "wrapping"
SAYS = {"filter_gradients": "gradient"}
BREAKS = {"filter-tests": ["filter_gradients"]}


# %% recurrent
def recurrent(system, x, h):
    A, B, C, D = system
    outputs = []
    for x_t in x.unbind(1):
        h = A * h.detach() + B * x_t.unsqueeze(-1)
        outputs.append(2 * (C * h).sum(-1).real + D * x_t)
    return torch.stack(outputs, dim=1), h
