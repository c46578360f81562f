"""A token sees the next one."""

SAYS = {"no_later": "one after it"}
BREAKS = {"decoder-tests": ["no_later"]}


# %% visible
def visible(before, real):
    past, time = before.shape[1], real.shape[1]
    earlier = torch.ones(time, past + time, dtype=torch.bool).tril(past + 1)
    return earlier & torch.cat([before, real], dim=1).unsqueeze(1)
