"""exp(z) - 1 instead of expm1."""

KIND = "wrapping"
SAYS = {"tiny_steps": "expm1"}
BREAKS = {"hold-tests": ["tiny_steps"]}


# %% diagonal-hold
def diagonal_hold(A, step):
    z = step * A
    nothing = z == 0
    quotient = (torch.exp(z) - 1) / torch.where(nothing, torch.ones_like(z), z)
    return torch.exp(z), step * torch.where(nothing, 1 + z / 2, quotient)
