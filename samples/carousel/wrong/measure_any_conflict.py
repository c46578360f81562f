"""Whether there is any conflict at all."""

SAYS = {"measure": "whether signs differ"}
BREAKS = {
    "conflicts-tests": ["measure", "nothing_asked", "conflicts_form"],
}


# %% weight-conflict
def weight_conflict(updates):
    asked = updates.abs().sum(dim=0)
    granted = updates.sum(dim=0).abs()
    return (granted < asked).to(updates.dtype)
