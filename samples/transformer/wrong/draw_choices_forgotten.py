"""The choices are not handed on."""

SAYS = {"drawn_tokens": "not handed on"}
BREAKS = {"writing-tests": ["drawn_tokens"]}


# %% sample
def sample(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
    p = next_probabilities(logits)
    return torch.multinomial(p, 1, generator=generator).squeeze(-1)
