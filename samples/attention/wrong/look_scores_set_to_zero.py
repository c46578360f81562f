"""Weights: forbidden scores are set to 0."""

SAYS = {"masked_out": "exp(0) is 1"}
BREAKS = {"look-tests": ["masked_out"]}


# %% masked-softmax
def masked_softmax(scores, mask=None):
    if mask is None:
        return torch.softmax(scores, dim=-1)
    allowed = mask
    if mask.dtype != torch.bool:
        allowed = mask > -math.inf
        scores = scores + mask
    return torch.softmax(scores.masked_fill(~allowed, 0.0), dim=-1)
