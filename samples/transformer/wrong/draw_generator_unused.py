"""The generator is not used."""

SAYS = {"seeded_tokens": "use the generator"}
BREAKS = {"writing-tests": ["seeded_tokens"]}


# %% sample
def sample(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
    p = next_probabilities(logits, temperature, top_k, top_p)
    return torch.multinomial(p, 1).squeeze(-1)
