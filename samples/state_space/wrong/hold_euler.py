"""Euler's rule for the state, the hold for the input."""

SAYS = {"state_matrix": "Euler"}
BREAKS = {"hold-tests": ["state_matrix"]}


# %% zero-order-hold
def zero_order_hold(A, B, step):
    states, inputs = B.shape
    top = torch.cat([A, B], dim=1)
    whole = torch.cat([top, top.new_zeros(inputs, states + inputs)], dim=0)
    exponential = torch.linalg.matrix_exp(step * whole)
    return torch.eye(states, dtype=A.dtype) + step * A, exponential[:states, states:]
