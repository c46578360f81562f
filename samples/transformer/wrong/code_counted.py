"""The positions are counted anew."""

SAYS = {"sinusoidal_code": "counted from 0"}
BREAKS = {"positions-tests": ["sinusoidal_code"]}


# %% sinusoidal-at
def sinusoidal_at(positions, dim, base=10_000.0):
    a = angles_at(torch.arange(positions.shape[-1]).expand_as(positions), dim, base)
    return torch.stack([a.sin(), a.cos()], dim=-1).flatten(-2)
