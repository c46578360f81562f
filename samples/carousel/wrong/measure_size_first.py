"""Sizes are taken before the sum: nothing cancels."""

SAYS = {"measure": "nothing can cancel"}
BREAKS = {
    "conflicts-tests": ["measure", "nothing_asked", "conflicts_form"],
}


# %% weight-conflict
def weight_conflict(updates):
    asked = updates.abs().sum(dim=0)
    granted = updates.abs().sum(dim=0)
    return torch.where(asked > 0, 1 - granted / asked, 0.0)
