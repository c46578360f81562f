"""Weights: what is forbidden is set to zero after the softmax, and the rest divided by its sum."""

SAYS = {"look_edges": "after the softmax"}
BREAKS = {"look-tests": ["look_edges"]}


# %% masked-softmax
def masked_softmax(scores, mask=None):
    if mask is None:
        return torch.softmax(scores, dim=-1)
    allowed = mask
    if mask.dtype != torch.bool:
        allowed = mask > -math.inf
        scores = scores + mask.masked_fill(~allowed, 0.0)
    weights = torch.softmax(scores, dim=-1) * allowed
    return weights / weights.sum(-1, keepdim=True).clamp(min=1e-12)
