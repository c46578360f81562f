"""A list."""

KIND = "wrapping"
SAYS = {"conflicts_form": "should be a Tensor"}
BREAKS = {
    "conflicts-tests": ["conflicts_form"],
}


# %% weight-conflict
def weight_conflict(updates):
    asked = updates.abs().sum(dim=0)
    granted = updates.sum(dim=0).abs()
    return torch.where(asked > 0, 1 - granted / asked, 0.0).tolist()
