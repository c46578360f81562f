"""The softmax runs over the heads."""

SAYS = {"softmax": "over the heads"}
BREAKS = {"attention-tests": ["softmax"]}


# %% grouped-attention
def grouped_attention(query, key, value, allowed):
    heads, groups = query.shape[1], key.shape[1]
    key = key.repeat_interleave(heads // groups, dim=1)
    value = value.repeat_interleave(heads // groups, dim=1)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    seen = allowed.unsqueeze(1)
    blind = ~seen.any(dim=-1, keepdim=True)
    weights = torch.softmax(scores, dim=1).masked_fill(~seen, 0.0)
    return weights.masked_fill(blind, 0.0) @ value
