"""Padding is set to zero."""

SAYS = {"turning": "set to 0"}
BREAKS = {
    "bidirectional-tests": ["turning"],
}


# %% reverse
def reverse(x, lengths):
    t = torch.arange(x.shape[1])
    end = lengths.unsqueeze(1)
    places = torch.where(t < end, end - 1 - t, t)
    return x[torch.arange(len(x)).unsqueeze(1), places] * (t < end).unsqueeze(2)
