"""The bias is taken for the gate."""

SAYS = {"half_lives": "taken for the gate"}
BREAKS = {
    "half-life-tests": ["half_lives"],
}


# %% half-life
def half_life(bias):
    return -math.log(2) / bias.abs().log()
