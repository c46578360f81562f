"""The gradient in a loop, as deep as the sequence is long."""

KIND = "wrapping"
SAYS = {"gradient_depth": "chain of 127"}
BREAKS = {"scan-tests": ["gradient_depth"]}


# %% tree-scan-gradients
def tree_scan_gradients(a, h, h0, error):
    e, errors = torch.zeros_like(h0), []
    for t in reversed(range(a.shape[1])):
        e = error[:, t] + (a[:, t + 1] * e if t + 1 < a.shape[1] else 0)
        errors.append(e)
    e = torch.stack(errors[::-1], dim=1)
    before = torch.cat([h0.unsqueeze(1), h[:, :-1]], dim=1)
    return ScanGradients(e * before, e, a[:, 0] * e[:, 0])
