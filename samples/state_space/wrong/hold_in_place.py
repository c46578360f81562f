"""A is overwritten with step times A."""

SAYS = {"hold_form": "changed"}
BREAKS = {"hold-tests": ["hold_form", "hold_gradients"]}


# %% zero-order-hold
def zero_order_hold(A, B, step):
    states, inputs = B.shape
    A.clamp_(-1e9, 1e9)
    top = torch.cat([A, B], dim=1)
    whole = torch.cat([top, top.new_zeros(inputs, states + inputs)], dim=0)
    exponential = torch.linalg.matrix_exp(step * whole)
    return exponential[:states, :states], exponential[:states, states:]
