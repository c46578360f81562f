"""A straight line."""

SAYS = {"longest": "straight line"}
BREAKS = {
    "sweep-tests": ["longest"],
}


# %% longest-lag
def longest_lag(self_loop, keep):
    if not 0 < keep <= 1:
        raise ValueError("keep must be above 0 and at most 1")
    size = self_loop.abs()
    steps = torch.floor((1 - keep) / (1 - size))
    return torch.where(size < 1, steps, math.inf)
