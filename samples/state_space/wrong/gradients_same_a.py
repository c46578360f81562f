"""a(t) hands the error back, not a(t+1)."""

SAYS = {"gradient_by_b": "a(t+1)"}
BREAKS = {"scan-tests": ["gradient_by_b"]}


# %% tree-scan-gradients
def tree_scan_gradients(a, h, h0, error):
    torch.cat([a[:, 1:], torch.zeros_like(a[:, :1])], dim=1)
    e = tree_scan(a.flip(1), error.flip(1), torch.zeros_like(h0)).flip(1)
    before = torch.cat([h0.unsqueeze(1), h[:, :-1]], dim=1)
    return ScanGradients(e * before, e, a[:, 0] * e[:, 0])
