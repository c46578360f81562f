"""The list starts with lag 1; the last entry is one lag too many."""

SAYS = {"lag_zero": "lag 0, no step at all, comes first"}
BREAKS = {
    "jacobian-norms-tests": [
        "lag_zero",
        "lag_one",
        "product",
        "without_eigenvalues",
        "norm_edges",
    ],
}


# %% jacobian-norms
def jacobian_norms(h, weight_hh):
    product = torch.eye(h.shape[1], dtype=h.dtype)
    norms = []
    for h_t in h.flip(0):
        product = product @ ((1 - h_t**2).unsqueeze(1) * weight_hh)
        norms.append(torch.linalg.matrix_norm(product, ord=2))
    return torch.stack(norms)
