"""Blocks of twelve in loops: deeper than a tree."""

SAYS = {"scan_depth": "join neighbours"}
BREAKS = {"scan-tests": ["scan_depth"]}


# %% tree-scan
def tree_scan(a, b, h0):
    batch, time, dim = a.shape
    short = -time % 12
    a = F.pad(a, (0, 0, 0, short), value=1.0).reshape(batch, -1, 12, dim)
    b = F.pad(b, (0, 0, 0, short)).reshape(batch, -1, 12, dim)
    grown, found = [a[:, :, 0]], [b[:, :, 0]]
    for k in range(1, 12):
        found.append(a[:, :, k] * found[-1] + b[:, :, k])
        grown.append(a[:, :, k] * grown[-1])
    starts = []
    for last_a, last_b in zip(grown[-1].unbind(1), found[-1].unbind(1), strict=True):
        starts.append(h0)
        h0 = last_a * h0 + last_b
    starts = torch.stack(starts, dim=1).unsqueeze(2)
    states = torch.stack(grown, dim=2) * starts + torch.stack(found, dim=2)
    return states.reshape(batch, -1, dim)[:, :time]
