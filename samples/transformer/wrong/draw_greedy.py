"""Always the likeliest token."""

SAYS = {"drawn_tokens": "nothing is drawn"}
BREAKS = {"writing-tests": ["drawn_tokens", "seeded_tokens"]}


# %% sample
def sample(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
    p = next_probabilities(logits, temperature, top_k, top_p)
    return p.argmax(dim=-1)
