"""Errors run forwards in time."""

SAYS = {"gradient_by_b": "forwards"}
BREAKS = {"scan-tests": ["gradient_by_b"]}


# %% tree-scan-gradients
def tree_scan_gradients(a, h, h0, error):
    torch.cat([a[:, 1:], torch.zeros_like(a[:, :1])], dim=1)
    e = tree_scan(a, error, torch.zeros_like(h0))
    before = torch.cat([h0.unsqueeze(1), h[:, :-1]], dim=1)
    return ScanGradients(e * before, e, a[:, 0] * e[:, 0])
