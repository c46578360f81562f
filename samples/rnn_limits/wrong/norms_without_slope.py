"""Powers of U: the slope of tanh is left out."""

SAYS = {"lag_one": "1 - h^2 is missing"}
BREAKS = {
    "jacobian-norms-tests": ["lag_one", "product", "without_eigenvalues", "norm_edges"],
}


# %% jacobian-norms
def jacobian_norms(h, weight_hh):
    product = torch.eye(h.shape[1], dtype=h.dtype)
    norms = [torch.linalg.matrix_norm(product, ord=2)]
    for _ in range(len(h) - 1):
        product = product @ weight_hh
        norms.append(torch.linalg.matrix_norm(product, ord=2))
    return torch.stack(norms)
