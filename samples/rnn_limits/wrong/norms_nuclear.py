"""The sum of the singular values."""

SAYS = {"lag_zero": "nuclear"}
BREAKS = {
    "jacobian-norms-tests": ["lag_zero", "lag_one", "product", "norm_edges"],
}


# %% jacobian-norms
def jacobian_norms(h, weight_hh):
    product = torch.eye(h.shape[1], dtype=h.dtype)
    norms = [torch.linalg.matrix_norm(product, ord="nuc")]
    for h_t in h.flip(0)[:-1]:
        product = product @ ((1 - h_t**2).unsqueeze(1) * weight_hh)
        norms.append(torch.linalg.matrix_norm(product, ord="nuc"))
    return torch.stack(norms)
