"""h0 is added to every state."""

SAYS = {"scan_start": "every state"}
BREAKS = {"scan-tests": ["scan_start"]}


# %% tree-scan
def tree_scan(a, b, h0):
    time = a.shape[1]
    b = torch.cat([b[:, :1], b[:, 1:]], dim=1)
    reach = 1
    while reach < time:
        before_a = F.pad(a[:, :-reach], (0, 0, reach, 0), value=1.0)
        before_b = F.pad(b[:, :-reach], (0, 0, reach, 0))
        a, b = a * before_a, a * before_b + b
        reach *= 2
    return b + h0.unsqueeze(1)
