"""Only the real part of the entries counts."""

SAYS = {"diagonal_values": "real part"}
BREAKS = {"hold-tests": ["diagonal_values"]}


# %% diagonal-hold
def diagonal_hold(A, step):
    z = step * A
    nothing = z == 0
    quotient = torch.expm1(z) / torch.where(nothing, torch.ones_like(z), z)
    return torch.exp(z.real + 0 * z), step * torch.where(nothing, 1 + z / 2, quotient)
