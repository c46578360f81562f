"""A query that sees nothing gets the mean of all values."""

SAYS = {"blind": "mean of all values"}
BREAKS = {"attention-tests": ["blind"]}


# %% grouped-attention
def grouped_attention(query, key, value, allowed):
    heads, groups = query.shape[1], key.shape[1]
    key = key.repeat_interleave(heads // groups, dim=1)
    value = value.repeat_interleave(heads // groups, dim=1)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    seen = allowed.unsqueeze(1)
    lowest = torch.finfo(scores.dtype).min
    return torch.softmax(scores.masked_fill(~seen, lowest), dim=-1) @ value
