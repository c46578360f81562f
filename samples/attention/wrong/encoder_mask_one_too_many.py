"""Mask: the place after the last token is a token, too."""

SAYS = {"mask_places": "one True too many"}
BREAKS = {"encoder-tests": ["mask_places"]}


# %% padding-mask
def padding_mask(lengths, longest):
    return torch.arange(longest) <= lengths.unsqueeze(1)
