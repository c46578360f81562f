"""The frequencies are computed in float32 and widened."""

SAYS = {"exact_hands": "float32"}
BREAKS = {"positions-tests": ["exact_hands"]}


# %% frequencies
def frequencies(dim, base=10_000.0, device=None):
    i = torch.arange(dim // 2, dtype=torch.float32, device=device)
    return (base ** (-2 * i / dim)).double()
