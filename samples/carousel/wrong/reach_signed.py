"""The logarithm of a negative weight is not a number."""

SAYS = {"longest_at_the_ends": "below 0"}
BREAKS = {
    "sweep-tests": ["longest_at_the_ends"],
}


# %% longest-lag
def longest_lag(self_loop, keep):
    if not 0 < keep <= 1:
        raise ValueError("keep must be above 0 and at most 1")
    size = self_loop
    steps = torch.floor(math.log(keep) / torch.log(size))
    return torch.where(size < 1, steps, math.inf)
