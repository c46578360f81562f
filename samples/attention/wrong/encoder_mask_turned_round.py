"""Mask: True at padding."""

SAYS = {"mask_places": "turned round"}
BREAKS = {"encoder-tests": ["mask_places"]}


# %% padding-mask
def padding_mask(lengths, longest):
    return torch.arange(longest) >= lengths.unsqueeze(1)
