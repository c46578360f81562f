"""The time constant, 1 / (1 - w)."""

SAYS = {"longest": "time constant"}
BREAKS = {
    "sweep-tests": ["longest", "longest_at_the_ends"],
}


# %% longest-lag
def longest_lag(self_loop, keep):
    if not 0 < keep <= 1:
        raise ValueError("keep must be above 0 and at most 1")
    size = self_loop.abs()
    steps = torch.floor(1 / (1 - size))
    return torch.where(size < 1, steps, math.inf)
