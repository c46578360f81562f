"""Weights: each score passes a logistic function."""

SAYS = {"softmax_axis": "logistic"}
BREAKS = {"look-tests": ["softmax_axis"]}


# %% masked-softmax
def masked_softmax(scores, mask=None):
    if mask is None:
        return torch.sigmoid(scores)
    allowed = mask
    if mask.dtype != torch.bool:
        allowed = mask > -math.inf
        scores = scores + mask
    scores = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min)
    return torch.sigmoid(scores).masked_fill(~allowed, 0.0)
