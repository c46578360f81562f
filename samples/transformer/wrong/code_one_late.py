"""Positions begin at 1."""

SAYS = {"sinusoidal_code": "one too large"}
BREAKS = {"positions-tests": ["sinusoidal_code"]}


# %% sinusoidal-at
def sinusoidal_at(positions, dim, base=10_000.0):
    a = angles_at(positions + 1, dim, base)
    return torch.stack([a.sin(), a.cos()], dim=-1).flatten(-2)
