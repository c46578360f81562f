"""The sum keeps its sign."""

SAYS = {"measure": "size of the sum"}
BREAKS = {
    "conflicts-tests": ["measure"],
}


# %% weight-conflict
def weight_conflict(updates):
    asked = updates.abs().sum(dim=0)
    granted = updates.sum(dim=0)
    return torch.where(asked > 0, 1 - granted / asked, 0.0)
