"""The temperature is used for the first token only."""

SAYS = {"handed_on": "temperature is not handed on"}
BREAKS = {"writing-tests": ["handed_on"]}


# %% generate
@torch.no_grad()
def generate(
    model, prompt, count, temperature=1.0, top_k=None, top_p=None, generator=None, real=None
):
    last = last_real(prompt, real)
    logits, state = model(prompt, None) if real is None else model(prompt, None, real)
    token = sample(logits[torch.arange(len(prompt)), last], temperature, top_k, top_p, generator)
    tokens = [token]
    for _ in range(count - 1):
        logits, state = model.step(token, state)
        token = sample(logits, 1.0, top_k, top_p, generator)
        tokens.append(token)
    return torch.stack(tokens, dim=1)
