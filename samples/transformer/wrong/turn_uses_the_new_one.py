"""The second feature is made from the first one's new value."""

SAYS = {"turned_pairs": "turned already"}
BREAKS = {"positions-tests": ["turned_pairs"]}


# %% rotate
def rotate(x, positions, base=10_000.0):
    a = angles_at(positions, x.shape[-1], base).unsqueeze(1)
    cos, sin = a.cos().to(x.dtype), a.sin().to(x.dtype)
    even, odd = x[..., 0::2], x[..., 1::2]
    even = even * cos - odd * sin
    return torch.stack([even, even * sin + odd * cos], dim=-1).flatten(-2)
