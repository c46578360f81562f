"""A token counts itself."""

SAYS = {"real_positions": "itself is counted"}
BREAKS = {"decoder-tests": ["real_positions"]}


# %% positions-of
def positions_of(real, before=None):
    count = real.long()
    positions = count.cumsum(dim=1)
    if before is not None:
        positions = positions + before.unsqueeze(1)
    return positions
