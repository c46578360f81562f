"""At |w| = 1 a very large number, not infinity."""

SAYS = {"longest_at_the_ends": "infinite"}
BREAKS = {
    "sweep-tests": ["longest_at_the_ends"],
}


# %% longest-lag
def longest_lag(self_loop, keep):
    if not 0 < keep <= 1:
        raise ValueError("keep must be above 0 and at most 1")
    size = self_loop.abs()
    steps = torch.floor(math.log(keep) / torch.log(size))
    return torch.where(size < 1, steps, 1e9)
