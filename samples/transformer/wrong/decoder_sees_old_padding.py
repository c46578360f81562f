"""Padding in the cache is seen."""

SAYS = {"no_padding": "in the cache is seen"}
BREAKS = {"decoder-tests": ["no_padding"]}


# %% visible
def visible(before, real):
    past, time = before.shape[1], real.shape[1]
    earlier = torch.ones(time, past + time, dtype=torch.bool).tril(past)
    return earlier & torch.cat([torch.ones_like(before), real], dim=1).unsqueeze(1)
