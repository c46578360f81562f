"""ln k."""

SAYS = {"biases": "ln k"}
BREAKS = {
    "half-life-tests": ["biases"],
}


# %% bias-for
def bias_for(half_life):
    if not bool((half_life > 0).all()):
        raise ValueError("half-lives must be above 0")
    return torch.log(half_life)
