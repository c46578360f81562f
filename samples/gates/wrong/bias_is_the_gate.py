"""The gate is returned, not its bias."""

SAYS = {"biases": "gate itself"}
BREAKS = {
    "half-life-tests": ["biases"],
}


# %% bias-for
def bias_for(half_life):
    if not bool((half_life > 0).all()):
        raise ValueError("half-lives must be above 0")
    return 2 ** (-1 / half_life)
