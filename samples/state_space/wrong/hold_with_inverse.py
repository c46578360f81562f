"""The text's formula with an inverse, which some A do not have."""

SAYS = {"without_inverse": "linalg.inv"}
BREAKS = {"hold-tests": ["without_inverse"]}


# %% zero-order-hold
def zero_order_hold(A, B, step):
    Abar = torch.linalg.matrix_exp(step * A)
    eye = torch.eye(len(A), dtype=A.dtype)
    return Abar, torch.linalg.inv(A) @ (Abar - eye) @ B
