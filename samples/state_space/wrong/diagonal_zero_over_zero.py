"""0 / 0 where an entry is 0."""

SAYS = {"without_inverse": "0 / 0"}
BREAKS = {"hold-tests": ["without_inverse"]}


# %% diagonal-hold
def diagonal_hold(A, step):
    z = step * A
    return torch.exp(z), torch.expm1(z) / A
