"""Weights: the softmax runs over the first axis."""

SAYS = {"softmax_axis": "first axis"}
BREAKS = {"look-tests": ["softmax_axis"]}


# %% masked-softmax
def masked_softmax(scores, mask=None):
    if mask is None:
        return torch.softmax(scores, dim=0)
    allowed = mask
    if mask.dtype != torch.bool:
        allowed = mask > -math.inf
        scores = scores + mask
    scores = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min)
    return torch.softmax(scores, dim=0).masked_fill(~allowed, 0.0)
