"""Bbar as a vector: only its first column."""

SAYS = {"input_matrix": "shape"}
BREAKS = {
    "hold-tests": ["hold_form", "input_matrix", "without_inverse", "hold_gradients", "hold_edges"]
}


# %% zero-order-hold
def zero_order_hold(A, B, step):
    states, inputs = B.shape
    top = torch.cat([A, B], dim=1)
    whole = torch.cat([top, top.new_zeros(inputs, states + inputs)], dim=0)
    exponential = torch.linalg.matrix_exp(step * whole)
    return exponential[:states, :states], exponential[:states, states]
