"""Weights: forbidden scores are -100."""

SAYS = {"look_edges": "forbidden scores"}
BREAKS = {"look-tests": ["look_edges"]}


# %% masked-softmax
def masked_softmax(scores, mask=None):
    if mask is None:
        return torch.softmax(scores, dim=-1)
    allowed = mask
    if mask.dtype != torch.bool:
        allowed = mask > -math.inf
        scores = scores + mask
    scores = scores.masked_fill(~allowed, -100.0)
    return torch.softmax(scores, dim=-1) * allowed
