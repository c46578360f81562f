"""A plain loop: right, and as deep as the sequence is long."""

SAYS = {"scan_depth": "chain of 127"}
BREAKS = {"scan-tests": ["scan_depth"]}


# %% tree-scan
def tree_scan(a, b, h0):
    states = []
    for a_t, b_t in zip(a.unbind(1), b.unbind(1), strict=True):
        h0 = a_t * h0 + b_t
        states.append(h0)
    return torch.stack(states, dim=1)
