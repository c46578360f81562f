"""A query that sees nothing gets NaN."""

SAYS = {"blind": "NaN"}
BREAKS = {"attention-tests": ["blind"]}


# %% grouped-attention
def grouped_attention(query, key, value, allowed):
    heads, groups = query.shape[1], key.shape[1]
    key = key.repeat_interleave(heads // groups, dim=1)
    value = value.repeat_interleave(heads // groups, dim=1)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    seen = allowed.unsqueeze(1)
    return torch.softmax(scores.masked_fill(~seen, -math.inf), dim=-1) @ value
