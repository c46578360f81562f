"""Works for one row of positions alone."""

SAYS = {"code_form": "IndexError"}
BREAKS = {"positions-tests": ["code_form"]}


# %% sinusoidal-at
def sinusoidal_at(positions, dim, base=10_000.0):
    a = angles_at(positions, dim, base)
    code = torch.zeros(positions.shape[0], positions.shape[1], dim, dtype=torch.float64)
    code[:, :, 0::2], code[:, :, 1::2] = a.sin(), a.cos()
    return code
