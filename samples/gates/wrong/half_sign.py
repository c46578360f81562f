"""The sign of ln(1/2) is forgotten."""

SAYS = {"half_lives": "sign"}
BREAKS = {
    "half-life-tests": ["half_lives"],
}


# %% half-life
def half_life(bias):
    return math.log(2) / torch.nn.functional.logsigmoid(bias)
