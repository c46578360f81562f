"""0 / 0 where nothing is asked."""

SAYS = {"nothing_asked": "no division by 0"}
BREAKS = {
    "conflicts-tests": ["nothing_asked"],
}


# %% weight-conflict
def weight_conflict(updates):
    asked = updates.abs().sum(dim=0)
    granted = updates.sum(dim=0).abs()
    return 1 - granted / asked
