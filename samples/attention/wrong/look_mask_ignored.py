"""Weights: a boolean mask has no effect."""

SAYS = {"masked_out": "no effect"}
BREAKS = {"look-tests": ["masked_out"]}


# %% masked-softmax
def masked_softmax(scores, mask=None):
    if mask is None:
        return torch.softmax(scores, dim=-1)
    allowed = torch.ones_like(mask, dtype=torch.bool)
    if mask.dtype != torch.bool:
        allowed = mask > -math.inf
        scores = scores + mask
    scores = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min)
    return torch.softmax(scores, dim=-1).masked_fill(~allowed, 0.0)
