"""The exponent lacks its 2."""

SAYS = {"hands_of_the_clock": "-2i/d"}
BREAKS = {"positions-tests": ["hands_of_the_clock"]}


# %% frequencies
def frequencies(dim, base=10_000.0, device=None):
    i = torch.arange(dim // 2, dtype=torch.float64, device=device)
    return base ** (-i / dim)
