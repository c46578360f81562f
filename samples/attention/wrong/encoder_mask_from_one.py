"""Mask: places are counted from 1."""

SAYS = {"mask_places": "one True too few"}
BREAKS = {"encoder-tests": ["mask_places"]}


# %% padding-mask
def padding_mask(lengths, longest):
    return torch.arange(longest) + 1 < lengths.unsqueeze(1)
