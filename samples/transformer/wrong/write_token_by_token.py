"""The prompt is read by steps."""

SAYS = {"written_greedily": "token by token"}
BREAKS = {"writing-tests": ["written_greedily"]}


# %% generate
@torch.no_grad()
def generate(
    model, prompt, count, temperature=1.0, top_k=None, top_p=None, generator=None, real=None
):
    last = last_real(prompt, real)
    if real is None:
        logits, state = model(prompt[:, :1], None)
        logits = [logits[:, 0]]
        for column in prompt.unbind(1)[1:]:
            now, state = model.step(column, state)
            logits.append(now)
        logits = torch.stack(logits, dim=1)
    else:
        logits, state = model(prompt, None, real)
    token = sample(logits[torch.arange(len(prompt)), last], temperature, top_k, top_p, generator)
    tokens = [token]
    for _ in range(count - 1):
        logits, state = model.step(token, state)
        token = sample(logits, temperature, top_k, top_p, generator)
        tokens.append(token)
    return torch.stack(tokens, dim=1)
