"""Weights: with numbers as a mask NaN is made 0 after the softmax; its gradient stays NaN."""

SAYS = {"nothing_left": "with numbers as a mask, holds NaN"}
BREAKS = {"look-tests": ["nothing_left"]}


# %% masked-softmax
def masked_softmax(scores, mask=None):
    if mask is None:
        return torch.softmax(scores, dim=-1)
    if mask.dtype != torch.bool:
        return torch.softmax(scores + mask, dim=-1).nan_to_num(0.0)
    lowest = torch.finfo(scores.dtype).min
    return torch.softmax(scores.masked_fill(~mask, lowest), dim=-1).masked_fill(~mask, 0.0)
