"""keep <= 0 or keep > 1 is false for nan."""

SAYS = {"refused_shares": "keep = nan"}
BREAKS = {
    "sweep-tests": ["refused_shares"],
}


# %% longest-lag
def longest_lag(self_loop, keep):
    if keep <= 0 or keep > 1:
        raise ValueError("keep must be above 0 and at most 1")
    size = self_loop.abs()
    steps = torch.floor(math.log(keep) / torch.log(size))
    return torch.where(size < 1, steps, math.inf)
