"""By logarithms of a: negative ones have none."""

SAYS = {"scan_hard_numbers": "logarithm"}
BREAKS = {"scan-tests": ["scan_hard_numbers"]}


# %% tree-scan
def tree_scan(a, b, h0):
    time = a.shape[1]
    a = a.abs().log().exp() * a.sign()
    a = torch.where(a.abs() < 1e-3, torch.full_like(a, 1e-3), a)
    b = torch.cat([a[:, :1] * h0.unsqueeze(1) + b[:, :1], b[:, 1:]], dim=1)
    reach = 1
    while reach < time:
        before_a = F.pad(a[:, :-reach], (0, 0, reach, 0), value=1.0)
        before_b = F.pad(b[:, :-reach], (0, 0, reach, 0))
        a, b = a * before_a, a * before_b + b
        reach *= 2
    return b
