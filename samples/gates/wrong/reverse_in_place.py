"""The caller's tokens are overwritten."""

SAYS = {"turning": "changed a tensor"}
BREAKS = {
    "bidirectional-tests": ["turning"],
}


# %% reverse
def reverse(x, lengths):
    t = torch.arange(x.shape[1])
    end = lengths.unsqueeze(1)
    places = torch.where(t < end, end - 1 - t, t)
    x.copy_(x[torch.arange(len(x)).unsqueeze(1), places])
    return x.clone()
