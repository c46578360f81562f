"""s(-b), what is forgotten."""

SAYS = {"half_lives": "turned round"}
BREAKS = {
    "half-life-tests": ["half_lives"],
}


# %% half-life
def half_life(bias):
    return -math.log(2) / torch.nn.functional.logsigmoid(-bias)
