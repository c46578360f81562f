"""AssertionError where ValueError is asked for."""

SAYS = {"bias_ends": "ValueError"}
BREAKS = {
    "half-life-tests": ["bias_ends"],
}


# %% bias-for
def bias_for(half_life):
    assert bool((half_life > 0).all())
    return -torch.log(torch.expm1(math.log(2) / half_life))
