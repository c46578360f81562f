"""Padding is seen."""

SAYS = {"no_padding": "Padding is seen"}
BREAKS = {"decoder-tests": ["no_padding"]}


# %% visible
def visible(before, real):
    past, time = before.shape[1], real.shape[1]
    earlier = torch.ones(time, past + time, dtype=torch.bool).tril(past)
    return earlier.expand(len(real), -1, -1)
