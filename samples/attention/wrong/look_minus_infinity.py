"""Weights: a row with nothing to attend to is NaN."""

SAYS = {"nothing_left": "NaN"}
BREAKS = {"look-tests": ["nothing_left"]}


# %% masked-softmax
def masked_softmax(scores, mask=None):
    if mask is None:
        return torch.softmax(scores, dim=-1)
    allowed = mask
    if mask.dtype != torch.bool:
        allowed = mask > -math.inf
        scores = scores + mask
    return torch.softmax(scores.masked_fill(~allowed, -math.inf), dim=-1)
