"""What came before is not added."""

SAYS = {"real_positions": "before is not added"}
BREAKS = {"decoder-tests": ["real_positions"]}


# %% positions-of
def positions_of(real, before=None):
    count = real.long()
    positions = count.cumsum(dim=1) - count
    if before is not None:
        positions = positions + 0
    return positions
