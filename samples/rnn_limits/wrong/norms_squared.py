"""The largest eigenvalue of J J^T: the root is forgotten."""

SAYS = {"lag_one": "square of the norm"}
BREAKS = {
    "jacobian-norms-tests": ["lag_one", "product", "without_eigenvalues", "norm_edges"],
}


# %% jacobian-norms
def jacobian_norms(h, weight_hh):
    product = torch.eye(h.shape[1], dtype=h.dtype)
    norms = [torch.linalg.eigvalsh(product @ product.T).max()]
    for h_t in h.flip(0)[:-1]:
        product = product @ ((1 - h_t**2).unsqueeze(1) * weight_hh)
        norms.append(torch.linalg.eigvalsh(product @ product.T).max())
    return torch.stack(norms)
