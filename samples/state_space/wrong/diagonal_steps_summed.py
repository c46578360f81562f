"""Only vectors: the steps of a matrix are taken from its first row."""

SAYS = {"diagonal_values": "exp(step a)"}
BREAKS = {"hold-tests": ["hold_form", "diagonal_values", "hold_edges"]}


# %% diagonal-hold
def diagonal_hold(A, step):
    if step.ndim > 1:
        step = step[0].expand_as(step)
    z = step * A
    nothing = z == 0
    quotient = torch.expm1(z) / torch.where(nothing, torch.ones_like(z), z)
    return torch.exp(z), step * torch.where(nothing, 1 + z / 2, quotient)
