"""The pseudoinverse: no error, and wrong where A has no inverse."""

SAYS = {"without_inverse": "inverse"}
BREAKS = {"hold-tests": ["without_inverse"]}


# %% zero-order-hold
def zero_order_hold(A, B, step):
    Abar = torch.linalg.matrix_exp(step * A)
    eye = torch.eye(len(A), dtype=A.dtype)
    return Abar, torch.linalg.pinv(A) @ (Abar - eye) @ B
