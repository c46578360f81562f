"""Weights: the mask comes after the softmax, where a row of -inf has become NaN already."""

SAYS = {"masked_out": "after the softmax", "nothing_left": "with numbers as a mask, holds NaN"}
BREAKS = {"look-tests": ["masked_out", "nothing_left"]}


# %% masked-softmax
def masked_softmax(scores, mask=None):
    if mask is None:
        return torch.softmax(scores, dim=-1)
    allowed = mask
    if mask.dtype != torch.bool:
        allowed = mask > -math.inf
        scores = scores + mask
    return torch.softmax(scores, dim=-1).masked_fill(~allowed, 0.0)
