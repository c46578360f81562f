"""A^-1 is left out."""

SAYS = {"input_matrix": "left out"}
BREAKS = {"hold-tests": ["input_matrix"]}


# %% zero-order-hold
def zero_order_hold(A, B, step):
    states, inputs = B.shape
    top = torch.cat([A, B], dim=1)
    whole = torch.cat([top, top.new_zeros(inputs, states + inputs)], dim=0)
    exponential = torch.linalg.matrix_exp(step * whole)
    return exponential[:states, :states], (
        exponential[:states, :states] - torch.eye(states, dtype=A.dtype)
    ) @ B
