"""The mean over the valid steps."""

SAYS = {"end_of_each": "mean over the valid"}
BREAKS = {
    "bidirectional-tests": ["end_of_each"],
}


# %% last-valid
def last_valid(y, lengths):
    within = (torch.arange(y.shape[1]) < lengths.unsqueeze(1)).unsqueeze(2)
    return (y * within).sum(1) / lengths.unsqueeze(1)
