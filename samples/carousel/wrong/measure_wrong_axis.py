"""The sums run over the last axis."""

SAYS = {"measure": "axis 0"}
BREAKS = {
    "conflicts-tests": ["measure", "nothing_asked", "conflicts_form"],
}


# %% weight-conflict
def weight_conflict(updates):
    asked = updates.abs().sum(dim=-1)
    granted = updates.sum(dim=-1).abs()
    return torch.where(asked > 0, 1 - granted / asked, 0.0)
