"""At 0 the value is right, and constant: no gradient by a."""

KIND = "wrapping"
SAYS = {"hold_gradients": "the gradient by a"}
BREAKS = {"hold-tests": ["hold_gradients"]}


# %% diagonal-hold
def diagonal_hold(A, step):
    z = step * A
    nothing = z == 0
    quotient = torch.expm1(z) / torch.where(nothing, torch.ones_like(z), z)
    return torch.exp(z), step * torch.where(nothing, torch.ones_like(z), quotient)
