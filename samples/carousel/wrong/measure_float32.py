"""float32 whatever the requests are."""

KIND = "wrapping"
SAYS = {"conflicts_form": "float32"}
BREAKS = {
    "conflicts-tests": ["conflicts_form"],
}


# %% weight-conflict
def weight_conflict(updates):
    updates = updates.float()
    asked = updates.abs().sum(dim=0)
    granted = updates.sum(dim=0).abs()
    return torch.where(asked > 0, 1 - granted / asked, 0.0)
