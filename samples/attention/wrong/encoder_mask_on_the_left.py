"""Mask: the padding comes first."""

SAYS = {"mask_places": "behind the tokens"}
BREAKS = {"encoder-tests": ["mask_places"]}


# %% padding-mask
def padding_mask(lengths, longest):
    return (torch.arange(longest) < lengths.unsqueeze(1)).flip(1)
