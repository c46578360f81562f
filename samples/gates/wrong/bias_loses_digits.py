"""2^(1/k) - 1 as it stands."""

SAYS = {"bias_ends": "expm1"}
BREAKS = {
    "half-life-tests": ["bias_ends"],
}


# %% bias-for
def bias_for(half_life):
    if not bool((half_life > 0).all()):
        raise ValueError("half-lives must be above 0")
    return -torch.log(2 ** (1 / half_life) - 1)
