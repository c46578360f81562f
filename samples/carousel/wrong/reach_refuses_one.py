"""keep = 1 is refused, too."""

SAYS = {"refused_shares": "keep = 1 is a share"}
BREAKS = {
    "sweep-tests": ["longest_at_the_ends", "refused_shares"],
}


# %% longest-lag
def longest_lag(self_loop, keep):
    if not 0 < keep < 1:
        raise ValueError("keep must be above 0 and at most 1")
    size = self_loop.abs()
    steps = torch.floor(math.log(keep) / torch.log(size))
    return torch.where(size < 1, steps, math.inf)
