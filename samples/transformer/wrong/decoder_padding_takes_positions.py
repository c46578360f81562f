"""Every place counts, padding or not."""

SAYS = {"real_positions": "Padding takes"}
BREAKS = {"decoder-tests": ["real_positions"]}


# %% positions-of
def positions_of(real, before=None):
    count = torch.ones_like(real).long()
    positions = count.cumsum(dim=1) - count
    if before is not None:
        positions = positions + before.unsqueeze(1)
    return positions
