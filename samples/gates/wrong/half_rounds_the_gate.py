"""The logarithm of a gate that float32 has rounded to 1."""

SAYS = {"half_life_ends": "logsigmoid"}
BREAKS = {
    "half-life-tests": ["half_life_ends"],
}


# %% half-life
def half_life(bias):
    return -math.log(2) / torch.log(torch.sigmoid(bias))
