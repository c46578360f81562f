"""Logarithms to two bases."""

SAYS = {"half_lives": "base"}
BREAKS = {
    "half-life-tests": ["half_lives"],
}


# %% half-life
def half_life(bias):
    return -math.log(2) / torch.sigmoid(bias).log10()
