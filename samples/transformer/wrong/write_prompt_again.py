"""Everything is read again for every token."""

SAYS = {"written_greedily": "read again"}
BREAKS = {"writing-tests": ["written_greedily"]}


# %% generate
@torch.no_grad()
def generate(
    model, prompt, count, temperature=1.0, top_k=None, top_p=None, generator=None, real=None
):
    last = last_real(prompt, real)
    logits, _ = model(prompt, None) if real is None else model(prompt, None, real)
    token = sample(logits[torch.arange(len(prompt)), last], temperature, top_k, top_p, generator)
    tokens = [token]
    for _ in range(count - 1):
        read = torch.cat([prompt, torch.stack(tokens, dim=1)], dim=1)
        token = sample(model(read, None)[0][:, -1], temperature, top_k, top_p, generator)
        tokens.append(token)
    return torch.stack(tokens, dim=1)
