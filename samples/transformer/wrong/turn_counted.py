"""Positions begin at 0 in every call."""

SAYS = {"turned_positions": "counted from 0"}
BREAKS = {"positions-tests": ["turned_positions"]}


# %% rotate
def rotate(x, positions, base=10_000.0):
    a = angles_at(torch.arange(x.shape[2]).expand_as(positions), x.shape[-1], base).unsqueeze(1)
    cos, sin = a.cos().to(x.dtype), a.sin().to(x.dtype)
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).flatten(-2)
