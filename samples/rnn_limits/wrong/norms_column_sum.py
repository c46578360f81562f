"""The largest sum of a column: ord=1."""

SAYS = {"lag_one": "sum of a column"}
BREAKS = {
    "jacobian-norms-tests": ["lag_one", "product", "without_eigenvalues", "norm_edges"],
}


# %% jacobian-norms
def jacobian_norms(h, weight_hh):
    product = torch.eye(h.shape[1], dtype=h.dtype)
    norms = [torch.linalg.matrix_norm(product, ord=1)]
    for h_t in h.flip(0)[:-1]:
        product = product @ ((1 - h_t**2).unsqueeze(1) * weight_hh)
        norms.append(torch.linalg.matrix_norm(product, ord=1))
    return torch.stack(norms)
