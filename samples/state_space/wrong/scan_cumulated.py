"""Sums over products of a: dividing fails where a is 0 or tiny."""

SAYS = {"scan_hard_numbers": "divided"}
BREAKS = {"scan-tests": ["scan_hard_numbers", "scan_depth"]}


# %% tree-scan
def tree_scan(a, b, h0):
    grown = a.cumprod(1)
    return grown * (h0.unsqueeze(1) + (b / grown).cumsum(1))
