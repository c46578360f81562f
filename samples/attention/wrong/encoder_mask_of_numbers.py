"""Mask: ones and zeros in the place of True and False."""

SAYS = {"mask_places": "dtype"}
BREAKS = {"encoder-tests": ["mask_places"]}


# %% padding-mask
def padding_mask(lengths, longest):
    return (torch.arange(longest) < lengths.unsqueeze(1)).float()
