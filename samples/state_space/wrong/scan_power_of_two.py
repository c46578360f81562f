"""Only for lengths that are powers of two: the rest is left over."""

KIND = "wrapping"
SAYS = {"scan_lengths": "loose ends"}
BREAKS = {"scan-tests": ["scan_lengths"]}


# %% tree-scan
def tree_scan(a, b, h0):
    time = a.shape[1]
    b = torch.cat([a[:, :1] * h0.unsqueeze(1) + b[:, :1], b[:, 1:]], dim=1)
    reach = 1
    while 2 * reach <= time:
        before_a = F.pad(a[:, :-reach], (0, 0, reach, 0), value=1.0)
        before_b = F.pad(b[:, :-reach], (0, 0, reach, 0))
        a, b = a * before_a, a * before_b + b
        reach *= 2
    return b
