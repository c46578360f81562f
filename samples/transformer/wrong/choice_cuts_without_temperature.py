"""The cuts do not know of the temperature."""

SAYS = {"in_order": "without the temperature"}
BREAKS = {"writing-tests": ["in_order"]}


# %% next-probabilities
def next_probabilities(logits, temperature=1.0, top_k=None, top_p=None):
    check_choices(temperature, top_k, top_p)
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    z, order = logits.sort(dim=-1, descending=True, stable=True)
    rank = torch.arange(z.shape[-1])
    p = torch.softmax(z, dim=-1)
    if top_k is not None:
        p = p.masked_fill(rank >= top_k, 0.0)
        p = p / p.sum(dim=-1, keepdim=True)
    if top_p is not None and top_p < 1:
        held = p.cumsum(dim=-1)
        p = p.masked_fill((held.roll(1, dims=-1) >= top_p) & (rank > 0), 0.0)
    if temperature == 0:
        p = (rank == 0).to(z.dtype).expand_as(z)
    else:
        z = (z - z[..., :1]).masked_fill(p == 0, -math.inf)
        p = torch.softmax(z / temperature, dim=-1)
    return torch.zeros_like(p).scatter(-1, order, p)
