"""Only a list in which all are wrong is refused."""

SAYS = {"bias_ends": "ValueError"}
BREAKS = {
    "half-life-tests": ["bias_ends"],
}


# %% bias-for
def bias_for(half_life):
    if bool((half_life <= 0).all()):
        raise ValueError("half-lives must be above 0")
    return -torch.log(torch.expm1(math.log(2) / half_life))
