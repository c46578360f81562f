"""The error from outside alone."""

SAYS = {"gradient_by_b": "hand back"}
BREAKS = {"scan-tests": ["gradient_by_b"]}


# %% tree-scan-gradients
def tree_scan_gradients(a, h, h0, error):
    torch.cat([a[:, 1:], torch.zeros_like(a[:, :1])], dim=1)
    e = error
    before = torch.cat([h0.unsqueeze(1), h[:, :-1]], dim=1)
    return ScanGradients(e * before, e, a[:, 0] * e[:, 0])
