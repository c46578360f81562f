"""Cosine and sine are exchanged."""

SAYS = {"sinusoidal_code": "exchanged"}
BREAKS = {"positions-tests": ["sinusoidal_code"]}


# %% sinusoidal-at
def sinusoidal_at(positions, dim, base=10_000.0):
    a = angles_at(positions, dim, base)
    return torch.stack([a.cos(), a.sin()], dim=-1).flatten(-2)
