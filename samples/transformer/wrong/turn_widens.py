"""The result is float64, whatever came in."""

SAYS = {"turned_form": "float64"}
BREAKS = {"positions-tests": ["turned_form"]}


# %% rotate
def rotate(x, positions, base=10_000.0):
    a = angles_at(positions, x.shape[-1], base).unsqueeze(1)
    cos, sin = a.cos(), a.sin()
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).flatten(-2)
