"""Both results come without their history."""

KIND = "wrapping"
SAYS = {"hold_gradients": "no gradient"}
BREAKS = {"hold-tests": ["hold_gradients"]}


# %% zero-order-hold
def zero_order_hold(A, B, step):
    states, inputs = B.shape
    top = torch.cat([A, B], dim=1)
    whole = torch.cat([top, top.new_zeros(inputs, states + inputs)], dim=0)
    exponential = torch.linalg.matrix_exp(step * whole.detach())
    return exponential[:states, :states], exponential[:states, states:]
