"""1 / (1 - f)."""

SAYS = {"half_lives": "rule of thumb"}
BREAKS = {
    "half-life-tests": ["half_lives"],
}


# %% half-life
def half_life(bias):
    return 1 / (1 - torch.sigmoid(bias))
