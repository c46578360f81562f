"""Steps are counted from one."""

SAYS = {"end_of_each": "lengths - 1"}
BREAKS = {
    "bidirectional-tests": ["end_of_each"],
}


# %% last-valid
def last_valid(y, lengths):
    return y[torch.arange(len(y)), lengths.clamp(max=y.shape[1] - 1)]
