"""The gradient by automatic differentiation, which part 4 refuses."""

KIND = "ready-made"
SAYS = {"gradient_by_b": "autograd"}
BREAKS = {
    "scan-tests": [
        "scan_form",
        "scan_values",
        "scan_start",
        "scan_lengths",
        "scan_hard_numbers",
        "scan_depth",
        "gradients_form",
        "gradient_by_b",
        "gradient_by_a",
        "gradient_by_h0",
        "gradient_depth",
    ]
}


# %% tree-scan-gradients
def tree_scan_gradients(a, h, h0, error):
    leaves = [value.detach().requires_grad_() for value in (a, torch.zeros_like(h), h0)]
    with torch.enable_grad():
        states = tree_scan(*leaves)
    return ScanGradients(*torch.autograd.grad(states, leaves, error))
