"""Divided by step a, not by a."""

SAYS = {"diagonal_values": "divided by step a"}
BREAKS = {"hold-tests": ["diagonal_values"]}


# %% diagonal-hold
def diagonal_hold(A, step):
    z = step * A
    nothing = z == 0
    quotient = torch.expm1(z) / torch.where(nothing, torch.ones_like(z), z)
    return torch.exp(z), torch.where(nothing, 1 + z / 2, quotient)
