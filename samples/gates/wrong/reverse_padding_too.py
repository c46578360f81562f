"""Padding is turned round by itself."""

SAYS = {"turning": "turned round, too"}
BREAKS = {
    "bidirectional-tests": ["turning"],
}


# %% reverse
def reverse(x, lengths):
    t = torch.arange(x.shape[1])
    end = lengths.unsqueeze(1)
    places = torch.where(t < end, end - 1 - t, x.shape[1] - 1 - t + end)
    return x[torch.arange(len(x)).unsqueeze(1), places]
