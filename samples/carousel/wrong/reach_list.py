"""A list of numbers."""

KIND = "wrapping"
SAYS = {"sweep_form": "should be a Tensor"}
BREAKS = {
    "sweep-tests": ["sweep_form"],
}


# %% longest-lag
def longest_lag(self_loop, keep):
    if not 0 < keep <= 1:
        raise ValueError("keep must be above 0 and at most 1")
    size = self_loop.abs()
    steps = torch.floor(math.log(keep) / torch.log(size))
    return torch.where(size < 1, steps, math.inf).tolist()
