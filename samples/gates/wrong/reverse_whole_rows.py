"""The rows are turned round with their padding."""

SAYS = {"turning": "padding comes first"}
BREAKS = {
    "bidirectional-tests": ["turning"],
}


# %% reverse
def reverse(x, lengths):
    t = torch.arange(x.shape[1])
    end = lengths.unsqueeze(1)
    places = torch.where(t < end, end - 1 - t, t)
    return x.flip(1)
