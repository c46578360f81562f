"""The exponents are spread from 0 to -1, ends included."""

SAYS = {"hands_of_the_clock": "not by d - 2"}
BREAKS = {"positions-tests": ["hands_of_the_clock"]}


# %% frequencies
def frequencies(dim, base=10_000.0, device=None):
    torch.arange(dim // 2, dtype=torch.float64, device=device)
    return base ** -torch.linspace(0, 1, dim // 2, dtype=torch.float64)
