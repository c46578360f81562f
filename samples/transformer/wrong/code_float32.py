"""The code comes in float32."""

SAYS = {"code_form": "float32"}
BREAKS = {"positions-tests": ["code_form"]}


# %% sinusoidal-at
def sinusoidal_at(positions, dim, base=10_000.0):
    a = angles_at(positions, dim, base)
    return torch.stack([a.sin(), a.cos()], dim=-1).flatten(-2).float()
