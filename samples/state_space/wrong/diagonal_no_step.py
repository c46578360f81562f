"""The step is missing in the exponential of the entries."""

SAYS = {"diagonal_values": "step is missing"}
BREAKS = {"hold-tests": ["diagonal_values"]}


# %% diagonal-hold
def diagonal_hold(A, step):
    z = step * A
    nothing = z == 0
    quotient = torch.expm1(z) / torch.where(nothing, torch.ones_like(z), z)
    return torch.exp(A) + 0 * step, step * torch.where(nothing, 1 + z / 2, quotient)
