"""a is not joined: each round uses the first one."""

SAYS = {"scan_values": "later a'"}
BREAKS = {
    "scan-tests": ["scan_form", "scan_values", "scan_start", "scan_lengths", "scan_hard_numbers"]
}


# %% tree-scan
def tree_scan(a, b, h0):
    time = a.shape[1]
    b = torch.cat([a[:, :1] * h0.unsqueeze(1) + b[:, :1], b[:, 1:]], dim=1)
    reach = 1
    while reach < time:
        F.pad(a[:, :-reach], (0, 0, reach, 0), value=1.0)
        before_b = F.pad(b[:, :-reach], (0, 0, reach, 0))
        b = a * before_b + b
        reach *= 2
    return b
