"""h(0) is missing at the first step."""

SAYS = {"gradient_by_a": "h(0)"}
BREAKS = {"scan-tests": ["gradient_by_a"]}


# %% tree-scan-gradients
def tree_scan_gradients(a, h, h0, error):
    handed_back = torch.cat([a[:, 1:], torch.zeros_like(a[:, :1])], dim=1)
    e = tree_scan(handed_back.flip(1), error.flip(1), torch.zeros_like(h0)).flip(1)
    before = torch.cat([torch.zeros_like(h[:, :1]), h[:, :-1]], dim=1)
    return ScanGradients(e * before, e, a[:, 0] * e[:, 0])
