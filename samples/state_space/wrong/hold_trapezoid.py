"""The trapezoid rule for the state and the input."""

SAYS = {"input_matrix": "trapezoid"}
BREAKS = {"hold-tests": ["state_matrix", "input_matrix"]}


# %% zero-order-hold
def zero_order_hold(A, B, step):
    eye = torch.eye(len(A), dtype=A.dtype)
    ahead, back = eye + step / 2 * A, eye - step / 2 * A
    return torch.linalg.solve(back, ahead), torch.linalg.solve(back, step * B)
