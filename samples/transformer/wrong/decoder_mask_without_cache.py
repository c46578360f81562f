"""The tokens in the cache are not counted."""

SAYS = {"no_later": "are not counted"}
BREAKS = {"decoder-tests": ["no_later"]}


# %% visible
def visible(before, real):
    past, time = before.shape[1], real.shape[1]
    earlier = torch.ones(time, past + time, dtype=torch.bool).tril()
    return earlier & torch.cat([before, real], dim=1).unsqueeze(1)
