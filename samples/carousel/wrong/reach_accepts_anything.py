"""Nothing is refused."""

SAYS = {"refused_shares": "is accepted"}
BREAKS = {
    "sweep-tests": ["refused_shares"],
}


# %% longest-lag
def longest_lag(self_loop, keep):
    keep = min(max(keep, 1e-30), 1.0)
    size = self_loop.abs()
    steps = torch.floor(math.log(keep) / torch.log(size))
    return torch.where(size < 1, steps, math.inf)
