"""A mean over a sum."""

SAYS = {"measure": "A mean stands over a sum"}
BREAKS = {
    "conflicts-tests": ["measure"],
}


# %% weight-conflict
def weight_conflict(updates):
    asked = updates.abs().sum(dim=0)
    granted = updates.mean(dim=0).abs()
    return torch.where(asked > 0, 1 - granted / asked, 0.0)
