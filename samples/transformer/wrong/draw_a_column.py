"""The tokens come as a column."""

KIND = "wrapping"
SAYS = {"seeded_tokens": "shape"}
BREAKS = {"writing-tests": ["seeded_tokens"]}


# %% sample
def sample(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
    p = next_probabilities(logits, temperature, top_k, top_p)
    return torch.multinomial(p, 1, generator=generator)
