"""The base is always ten thousand."""

SAYS = {"hands_of_the_clock": "base is ignored"}
BREAKS = {"positions-tests": ["hands_of_the_clock"]}


# %% frequencies
def frequencies(dim, base=10_000.0, device=None):
    i = torch.arange(dim // 2, dtype=torch.float64, device=device)
    return 10_000.0 ** (-2 * i / dim)
