"""i begins at 1."""

SAYS = {"hands_of_the_clock": "begins at 0"}
BREAKS = {"positions-tests": ["hands_of_the_clock"]}


# %% frequencies
def frequencies(dim, base=10_000.0, device=None):
    i = torch.arange(dim // 2, dtype=torch.float64, device=device)
    return base ** (-2 * (i + 1) / dim)
