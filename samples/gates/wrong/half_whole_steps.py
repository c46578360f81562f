"""Rounded up to whole steps."""

SAYS = {"half_lives": "rounded up"}
BREAKS = {
    "half-life-tests": ["half_lives"],
}


# %% half-life
def half_life(bias):
    return (-math.log(2) / torch.nn.functional.logsigmoid(bias)).ceil()
