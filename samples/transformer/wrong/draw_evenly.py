"""All tokens that are left are equally likely."""

SAYS = {"drawn_tokens": "equally often"}
BREAKS = {"writing-tests": ["drawn_tokens", "seeded_tokens"]}


# %% sample
def sample(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
    p = next_probabilities(logits, temperature, top_k, top_p)
    return torch.multinomial((p > 0).double(), 1, generator=generator).squeeze(-1)
