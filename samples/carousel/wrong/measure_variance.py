"""The variance of the requests."""

SAYS = {"measure": "variance"}
BREAKS = {
    "conflicts-tests": ["measure"],
}


# %% weight-conflict
def weight_conflict(updates):
    asked = updates.abs().sum(dim=0)
    granted = updates.sum(dim=0).abs()
    return updates.var(dim=0) if len(updates) > 1 else 0 * updates[0]
