"""The slope scales the columns of U: U diag(d) for diag(d) U."""

SAYS = {"lag_one": "columns of U"}
BREAKS = {
    "jacobian-norms-tests": ["lag_one", "product", "norm_edges"],
}


# %% jacobian-norms
def jacobian_norms(h, weight_hh):
    product = torch.eye(h.shape[1], dtype=h.dtype)
    norms = [torch.linalg.matrix_norm(product, ord=2)]
    for h_t in h.flip(0)[:-1]:
        product = product @ ((1 - h_t**2) * weight_hh)
        norms.append(torch.linalg.matrix_norm(product, ord=2))
    return torch.stack(norms)
