"""Weights: a mask of numbers multiplies the scores."""

SAYS = {"added": "multiplied"}
BREAKS = {"look-tests": ["added"]}


# %% masked-softmax
def masked_softmax(scores, mask=None):
    if mask is None:
        return torch.softmax(scores, dim=-1)
    allowed = mask
    if mask.dtype != torch.bool:
        allowed = mask > -math.inf
        scores = scores * mask.masked_fill(~allowed, 1.0)
    scores = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min)
    return torch.softmax(scores, dim=-1).masked_fill(~allowed, 0.0)
