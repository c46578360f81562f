"""A small number in the divisor, which drowns small requests."""

SAYS = {"nothing_asked": "very small"}
BREAKS = {
    "conflicts-tests": ["nothing_asked"],
}


# %% weight-conflict
def weight_conflict(updates):
    asked = updates.abs().sum(dim=0)
    granted = updates.sum(dim=0).abs()
    return torch.where(asked > 0, 1 - granted / (asked + 1e-8), 0.0)
