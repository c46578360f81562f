"""The count runs on from row to row."""

SAYS = {"real_positions": "counted on"}
BREAKS = {"decoder-tests": ["real_positions"]}


# %% positions-of
def positions_of(real, before=None):
    count = real.long()
    positions = count.flatten().cumsum(dim=0).view_as(count) - count
    if before is not None:
        positions = positions + before.unsqueeze(1)
    return positions
