"""Pairs are joined, and an odd end is lost."""

KIND = "wrapping"
SAYS = {"scan_lengths": "loose ends"}
BREAKS = {"scan-tests": ["scan_lengths"]}


# %% tree-scan
def tree_scan(a, b, h0):
    time = a.shape[1]
    if time == 1:
        return a * h0.unsqueeze(1) + b
    half = time // 2 * 2
    a0, a1 = a[:, 0:half:2], a[:, 1:half:2]
    b0, b1 = b[:, 0:half:2], b[:, 1:half:2]
    seconds = tree_scan(a1 * a0, a1 * b0 + b1, h0)
    before = torch.cat([h0.unsqueeze(1), seconds[:, :-1]], dim=1)
    pairs = torch.stack([a0 * before + b0, seconds], dim=2).flatten(1, 2)
    return torch.cat([pairs, b[:, half:]], dim=1)
