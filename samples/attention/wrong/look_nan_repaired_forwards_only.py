"""Weights: NaN is made 0 after the softmax; its gradient stays NaN."""

SAYS = {"nothing_left": "gradient"}
BREAKS = {"look-tests": ["nothing_left"]}


# %% masked-softmax
def masked_softmax(scores, mask=None):
    if mask is None:
        return torch.softmax(scores, dim=-1)
    allowed = mask
    if mask.dtype != torch.bool:
        allowed = mask > -math.inf
        scores = scores + mask
    pushes = torch.zeros_like(scores).masked_fill(~allowed, -math.inf)
    return torch.softmax(scores + pushes, dim=-1).nan_to_num(0.0)
