"""torch.where over a quotient that is NaN there: the gradient is NaN, too."""

KIND = "wrapping"
SAYS = {"hold_gradients": "0 / 0 spoils"}
BREAKS = {"hold-tests": ["hold_gradients"]}


# %% diagonal-hold
def diagonal_hold(A, step):
    z = step * A
    nothing = z == 0
    quotient = torch.expm1(z) / z
    return torch.exp(z), step * torch.where(nothing, 1 + z / 2, quotient)
