"""The share of the weaker side: half of the conflict."""

SAYS = {"measure": "twice that"}
BREAKS = {
    "conflicts-tests": ["measure"],
}


# %% weight-conflict
def weight_conflict(updates):
    asked = updates.abs().sum(dim=0)
    granted = updates.sum(dim=0).abs()
    return torch.where(asked > 0, (asked - granted) / asked / 2, 0.0)
