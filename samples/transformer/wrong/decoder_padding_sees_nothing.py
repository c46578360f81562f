"""Padded tokens see nothing, and are seen."""

SAYS = {"no_padding": "it is they"}
BREAKS = {"decoder-tests": ["no_padding"]}


# %% visible
def visible(before, real):
    past, time = before.shape[1], real.shape[1]
    earlier = torch.ones(time, past + time, dtype=torch.bool).tril(past)
    return earlier & real.unsqueeze(2)
