"""One number for all weights together."""

SAYS = {"measure": "All weights are taken together"}
BREAKS = {
    "conflicts-tests": ["measure"],
}


# %% weight-conflict
def weight_conflict(updates):
    asked = updates.abs().sum().expand(updates.shape[1:])
    granted = updates.sum(dim=0).abs().sum()
    return torch.where(asked > 0, 1 - granted / asked, 0.0)
