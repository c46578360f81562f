"""More than keep where at least keep is asked for."""

SAYS = {"longest_at_the_ends": "includes it"}
BREAKS = {
    "sweep-tests": ["longest_at_the_ends"],
}


# %% longest-lag
def longest_lag(self_loop, keep):
    if not 0 < keep <= 1:
        raise ValueError("keep must be above 0 and at most 1")
    size = self_loop.abs()
    steps = (torch.ceil(math.log(keep) / torch.log(size)) - 1).clamp(min=0)
    return torch.where(size < 1, steps, math.inf)
