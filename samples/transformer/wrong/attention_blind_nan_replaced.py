"""NaN is replaced by zero afterwards: its gradient is not."""

SAYS = {"blind": "gradient of query is NaN"}
BREAKS = {"attention-tests": ["blind"]}


# %% grouped-attention
def grouped_attention(query, key, value, allowed):
    heads, groups = query.shape[1], key.shape[1]
    key = key.repeat_interleave(heads // groups, dim=1)
    value = value.repeat_interleave(heads // groups, dim=1)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    seen = allowed.unsqueeze(1)
    scores = scores + torch.zeros(seen.shape).masked_fill(~seen, -math.inf)
    return torch.softmax(scores, dim=-1).nan_to_num(0.0) @ value
