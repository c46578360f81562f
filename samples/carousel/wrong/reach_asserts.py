"""An assertion where a ValueError is asked for."""

SAYS = {"refused_shares": "should raise ValueError"}
BREAKS = {
    "sweep-tests": ["refused_shares"],
}


# %% longest-lag
def longest_lag(self_loop, keep):
    assert 0 < keep <= 1
    size = self_loop.abs()
    steps = torch.floor(math.log(keep) / torch.log(size))
    return torch.where(size < 1, steps, math.inf)
