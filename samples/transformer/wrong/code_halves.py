"""All sines first, then all cosines."""

SAYS = {"sinusoidal_code": "side by side"}
BREAKS = {"positions-tests": ["sinusoidal_code"]}


# %% sinusoidal-at
def sinusoidal_at(positions, dim, base=10_000.0):
    a = angles_at(positions, dim, base)
    return torch.cat([a.sin(), a.cos()], dim=-1)
