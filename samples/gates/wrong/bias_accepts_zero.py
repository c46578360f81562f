"""A half-life of 0 is accepted."""

SAYS = {"bias_ends": "0 steps"}
BREAKS = {
    "half-life-tests": ["bias_ends"],
}


# %% bias-for
def bias_for(half_life):
    if not bool((half_life >= 0).all()):
        raise ValueError("half-lives must be above 0")
    return -torch.log(torch.expm1(math.log(2) / half_life))
