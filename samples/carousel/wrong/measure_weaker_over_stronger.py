"""The weaker side divided by the stronger."""

SAYS = {"measure": "divided by the larger"}
BREAKS = {
    "conflicts-tests": ["measure"],
}


# %% weight-conflict
def weight_conflict(updates):
    asked = updates.abs().sum(dim=0)
    granted = updates.sum(dim=0).abs()
    return torch.where(asked > 0, (asked - granted) / (asked + granted), 0.0)
