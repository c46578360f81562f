"""The generator is started again at every call."""

SAYS = {"seeded_tokens": "start it again"}
BREAKS = {"writing-tests": ["seeded_tokens"]}


# %% sample
def sample(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
    p = next_probabilities(logits, temperature, top_k, top_p)
    if generator is not None:
        generator.manual_seed(generator.initial_seed())
    return torch.multinomial(p, 1, generator=generator).squeeze(-1)
