"""keep is taken for the share that may be lost."""

SAYS = {"longest": "1 - keep"}
BREAKS = {
    "sweep-tests": ["longest"],
}


# %% longest-lag
def longest_lag(self_loop, keep):
    if not 0 < keep <= 1:
        raise ValueError("keep must be above 0 and at most 1")
    size = self_loop.abs()
    steps = torch.floor((math.log(1 - keep) if keep < 1 else -math.inf) / torch.log(size))
    return torch.where(size < 1, steps, math.inf)
