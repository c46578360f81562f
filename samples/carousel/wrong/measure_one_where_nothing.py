"""1 where nothing is asked: 0 of 0 is granted."""

SAYS = {"nothing_asked": "Nothing is asked"}
BREAKS = {
    "conflicts-tests": ["nothing_asked"],
}


# %% weight-conflict
def weight_conflict(updates):
    asked = updates.abs().sum(dim=0)
    granted = updates.sum(dim=0).abs()
    return 1 - granted / asked.clamp(min=1e-300)
