"""Weights: the mask comes after the softmax."""

SAYS = {"masked_out": "after the softmax"}
BREAKS = {"look-tests": ["masked_out"]}


# %% masked-softmax
def masked_softmax(scores, mask=None):
    if mask is None:
        return torch.softmax(scores, dim=-1)
    allowed = mask
    if mask.dtype != torch.bool:
        allowed = mask > -math.inf
        scores = scores + mask
    return torch.softmax(scores, dim=-1).masked_fill(~allowed, 0.0)
