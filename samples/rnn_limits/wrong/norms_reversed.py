"""The longest lag comes first."""

SAYS = {"product": "reverse order"}
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
    norms = [torch.linalg.matrix_norm(product, ord=2)]
    for h_t in h.flip(0)[:-1]:
        product = product @ ((1 - h_t**2).unsqueeze(1) * weight_hh)
        norms.append(torch.linalg.matrix_norm(product, ord=2))
    return torch.stack(norms).flip(0)
