"""All heads look at the first group."""

SAYS = {"groups": "first group"}
BREAKS = {"attention-tests": ["groups"]}


# %% grouped-attention
def grouped_attention(query, key, value, allowed):
    _heads, _groups = query.shape[1], key.shape[1]
    key = key[:, :1]
    value = value[:, :1]
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    seen = allowed.unsqueeze(1)
    blind = ~seen.any(dim=-1, keepdim=True)
    weights = torch.softmax(scores.masked_fill(~seen & ~blind, -math.inf), dim=-1)
    return weights.masked_fill(blind, 0.0) @ value
