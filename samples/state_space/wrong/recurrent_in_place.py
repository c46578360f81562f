"""The state that came in is moved in place."""

SAYS = {"recurrent_form": "changed"}
BREAKS = {"filter-tests": ["recurrent_form", "filter_gradients"]}


# %% recurrent
def recurrent(system, x, h):
    A, B, C, D = system
    outputs = []
    for x_t in x.unbind(1):
        with torch.no_grad():
            h.add_(0)
        h = A * h + B * x_t.unsqueeze(-1)
        outputs.append(2 * (C * h).sum(-1).real + D * x_t)
    return torch.stack(outputs, dim=1), h
