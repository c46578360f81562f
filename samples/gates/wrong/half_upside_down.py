"""The fraction is upside down."""

SAYS = {"half_lives": "upside down"}
BREAKS = {
    "half-life-tests": ["half_lives"],
}


# %% half-life
def half_life(bias):
    return -torch.nn.functional.logsigmoid(bias) / math.log(2)
