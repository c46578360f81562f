"""One token is drawn for the whole batch."""

SAYS = {"drawn_tokens": "every row draw"}
BREAKS = {"writing-tests": ["drawn_tokens", "seeded_tokens"]}


# %% sample
def sample(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
    p = next_probabilities(logits, temperature, top_k, top_p)
    return torch.multinomial(p[:1], 1, generator=generator).squeeze(-1).expand(len(p))
