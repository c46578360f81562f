"""Weights: a mask of numbers is taken for true and false."""

SAYS = {"added": "true or false"}
BREAKS = {"look-tests": ["added"]}


# %% masked-softmax
def masked_softmax(scores, mask=None):
    if mask is None:
        return torch.softmax(scores, dim=-1)
    allowed = mask
    allowed = allowed != 0
    scores = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min)
    return torch.softmax(scores, dim=-1).masked_fill(~allowed, 0.0)
