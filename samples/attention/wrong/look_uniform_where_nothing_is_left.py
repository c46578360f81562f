"""Weights: a row with nothing to attend to gets equal weights."""

SAYS = {"nothing_left": "all the same"}
BREAKS = {"look-tests": ["nothing_left"]}


# %% masked-softmax
def masked_softmax(scores, mask=None):
    if mask is None:
        return torch.softmax(scores, dim=-1)
    allowed = mask
    if mask.dtype != torch.bool:
        allowed = mask > -math.inf
        scores = scores + mask
    scores = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min)
    return torch.softmax(scores, dim=-1)
