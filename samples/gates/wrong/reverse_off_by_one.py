"""One token of padding is turned round, too."""

SAYS = {"turning": "off by one"}
BREAKS = {
    "bidirectional-tests": ["turning"],
}


# %% reverse
def reverse(x, lengths):
    t = torch.arange(x.shape[1])
    end = lengths.unsqueeze(1)
    places = torch.where(t <= end, end - t, t).clamp(max=x.shape[1] - 1)
    return x[torch.arange(len(x)).unsqueeze(1), places]
