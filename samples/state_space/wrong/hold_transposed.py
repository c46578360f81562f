"""A is transposed."""

SAYS = {"state_matrix": "turned round"}
BREAKS = {"hold-tests": ["state_matrix"]}


# %% zero-order-hold
def zero_order_hold(A, B, step):
    states, inputs = B.shape
    top = torch.cat([A, B], dim=1)
    whole = torch.cat([top, top.new_zeros(inputs, states + inputs)], dim=0)
    exponential = torch.linalg.matrix_exp(step * whole)
    return exponential[:states, :states].T, exponential[:states, states:]
