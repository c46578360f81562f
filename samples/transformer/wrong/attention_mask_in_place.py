"""The mask that was given is turned round in place."""

SAYS = {"attention_form": "changed a tensor"}
BREAKS = {"attention-tests": ["attention_form"]}


# %% grouped-attention
def grouped_attention(query, key, value, allowed):
    heads, groups = query.shape[1], key.shape[1]
    key = key.repeat_interleave(heads // groups, dim=1)
    value = value.repeat_interleave(heads // groups, dim=1)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    seen = ~allowed.logical_not_().unsqueeze(1)
    blind = ~seen.any(dim=-1, keepdim=True)
    weights = torch.softmax(scores.masked_fill(~seen & ~blind, -math.inf), dim=-1)
    return weights.masked_fill(blind, 0.0) @ value
