"""The steps after which 1/e is left."""

SAYS = {"half_lives": "time constant"}
BREAKS = {
    "half-life-tests": ["half_lives"],
}


# %% half-life
def half_life(bias):
    return -1.0 / torch.nn.functional.logsigmoid(bias)
