"""Agreement, not conflict."""

SAYS = {"measure": "take it from 1"}
BREAKS = {
    "conflicts-tests": ["measure"],
}


# %% weight-conflict
def weight_conflict(updates):
    asked = updates.abs().sum(dim=0)
    granted = updates.sum(dim=0).abs()
    return torch.where(asked > 0, granted / asked, 0.0)
