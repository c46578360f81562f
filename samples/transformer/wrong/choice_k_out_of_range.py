"""top-k with more tokens than there are raises torch's own error."""

SAYS = {"by_top_k": "12 and 7 tokens all of them are kept"}
BREAKS = {"writing-tests": ["by_top_k"]}


# %% next-probabilities
def next_probabilities(logits, temperature=1.0, top_k=None, top_p=None):
    check_choices(temperature, top_k, top_p)
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    z, order = logits.sort(dim=-1, descending=True, stable=True)
    rank = torch.arange(z.shape[-1])
    if temperature == 0:
        p = (rank == 0).to(z.dtype).expand_as(z)
    else:
        p = torch.softmax((z - z[..., :1]) / temperature, dim=-1)
    if top_k is not None:
        p = p.masked_fill(p < p.topk(top_k).values[..., -1:], 0.0)
        p = p.masked_fill(rank >= top_k, 0.0)
        p = p / p.sum(dim=-1, keepdim=True)
    if top_p is not None and top_p < 1:
        held = p.cumsum(dim=-1)
        p = p.masked_fill((held.roll(1, dims=-1) >= top_p) & (rank > 0), 0.0)
        p = p / p.sum(dim=-1, keepdim=True)
    return torch.zeros_like(p).scatter(-1, order, p)
