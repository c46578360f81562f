"""Only the signs of the requests are counted."""

SAYS = {"measure": "Only signs"}
BREAKS = {
    "conflicts-tests": ["measure"],
}


# %% weight-conflict
def weight_conflict(updates):
    updates = updates.sign()
    asked = updates.abs().sum(dim=0)
    granted = updates.sum(dim=0).abs()
    return torch.where(asked > 0, 1 - granted / asked, 0.0)
