"""Weights: a softmax by hand, which overflows."""

SAYS = {"look_edges": "overflows"}
BREAKS = {"look-tests": ["look_edges"]}


# %% masked-softmax
def masked_softmax(scores, mask=None):
    if mask is None:
        return torch.softmax(scores, dim=-1)
    allowed = mask
    if mask.dtype != torch.bool:
        allowed = mask > -math.inf
        scores = scores + mask
    powers = torch.exp(scores) * allowed
    return powers / powers.sum(-1, keepdim=True).clamp(min=1e-300)
