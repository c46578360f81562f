"""The frequencies are a list."""

SAYS = {"exact_hands": "should be a Tensor"}
BREAKS = {
    "positions-tests": [
        "exact_hands",
        "sinusoidal_code",
        "code_form",
        "turned_pairs",
        "turned_positions",
        "turned_far",
        "turned_form",
    ]
}


# %% frequencies
def frequencies(dim, base=10_000.0, device=None):
    i = torch.arange(dim // 2, dtype=torch.float64, device=device)
    return (base ** (-2 * i / dim)).tolist()
