"""All rows are turned round within the first one's length."""

SAYS = {"turning": "the first"}
BREAKS = {
    "bidirectional-tests": ["turning"],
}


# %% reverse
def reverse(x, lengths):
    t = torch.arange(x.shape[1])
    end = lengths[:1].unsqueeze(1).expand(len(x), 1)
    places = torch.where(t < end, end - 1 - t, t)
    return x[torch.arange(len(x)).unsqueeze(1), places]
