"""Weights: PyTorch's own softmax with a mask: refused."""

KIND = "ready-made"
SAYS = {"masked_out": "is ready made"}
BREAKS = {
    "look-tests": [
        "look_form",
        "softmax_axis",
        "masked_out",
        "added",
        "nothing_left",
        "mean_of_states",
        "look_gradients",
        "look_edges",
    ]
}


# %% masked-softmax
def masked_softmax(scores, mask=None):
    if mask is None:
        return torch.softmax(scores, dim=-1)
    allowed = mask
    if mask.dtype != torch.bool:
        allowed = mask > -math.inf
        scores = scores + mask
    weights = torch.masked.softmax(scores, -1, mask=allowed.expand_as(scores))
    return weights.nan_to_num(0.0)
