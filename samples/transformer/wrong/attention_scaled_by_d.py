"""The scores are divided by d."""

SAYS = {"scaled": "divided by d"}
BREAKS = {"attention-tests": ["scaled"]}


# %% grouped-attention
def grouped_attention(query, key, value, allowed):
    heads, groups = query.shape[1], key.shape[1]
    key = key.repeat_interleave(heads // groups, dim=1)
    value = value.repeat_interleave(heads // groups, dim=1)
    scores = query @ key.transpose(-2, -1) / query.shape[-1]
    seen = allowed.unsqueeze(1)
    blind = ~seen.any(dim=-1, keepdim=True)
    weights = torch.softmax(scores.masked_fill(~seen & ~blind, -math.inf), dim=-1)
    return weights.masked_fill(blind, 0.0) @ value
