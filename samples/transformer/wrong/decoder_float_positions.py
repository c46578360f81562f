"""Positions are float numbers."""

SAYS = {"real_positions": "dtype"}
BREAKS = {"decoder-tests": ["real_positions"]}


# %% positions-of
def positions_of(real, before=None):
    count = real.float()
    positions = count.cumsum(dim=1) - count
    if before is not None:
        positions = positions + before.unsqueeze(1)
    return positions
