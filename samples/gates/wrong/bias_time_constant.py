"""1/e is left after k steps."""

SAYS = {"biases": "1/e"}
BREAKS = {
    "half-life-tests": ["biases"],
}


# %% bias-for
def bias_for(half_life):
    if not bool((half_life > 0).all()):
        raise ValueError("half-lives must be above 0")
    return -torch.log(torch.expm1(1 / half_life))
