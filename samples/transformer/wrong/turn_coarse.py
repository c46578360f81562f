"""The angles are made float32 before their sine is taken."""

SAYS = {"turned_far": "too coarse"}
BREAKS = {"positions-tests": ["turned_far"]}


# %% rotate
def rotate(x, positions, base=10_000.0):
    a = angles_at(positions, x.shape[-1], base).unsqueeze(1).to(x.dtype)
    cos, sin = a.cos().to(x.dtype), a.sin().to(x.dtype)
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).flatten(-2)
