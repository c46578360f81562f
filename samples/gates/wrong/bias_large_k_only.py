"""ln(k / ln 2), where 1 - 2^(-1/k) is taken for ln 2 / k."""

SAYS = {"biases": "long half-lives only"}
BREAKS = {
    "half-life-tests": ["biases"],
}


# %% bias-for
def bias_for(half_life):
    if not bool((half_life > 0).all()):
        raise ValueError("half-lives must be above 0")
    return torch.log(half_life / math.log(2))
