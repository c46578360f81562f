"""Counts the steps one by one, and gives up after 1000, which looks endless."""

SAYS = {"longest_at_the_ends": "infinite"}
BREAKS = {
    "sweep-tests": ["longest_at_the_ends"],
}


# %% longest-lag
def longest_lag(self_loop, keep):
    if not 0 < keep <= 1:
        raise ValueError("keep must be above 0 and at most 1")
    found = []
    for w in self_loop.abs().tolist():
        steps, size = 0, w
        while size >= keep and steps < 1000:
            steps, size = steps + 1, size * w
        found.append(float(steps))
    return torch.tensor(found, dtype=self_loop.dtype)
