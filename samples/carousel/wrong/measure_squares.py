"""Squares where sizes belong."""

SAYS = {"measure": "Squares are summed"}
BREAKS = {
    "conflicts-tests": ["measure"],
}


# %% weight-conflict
def weight_conflict(updates):
    asked = updates.square().sum(dim=0)
    granted = updates.sum(dim=0).abs()
    return torch.where(asked > 0, 1 - granted / asked, 0.0)
