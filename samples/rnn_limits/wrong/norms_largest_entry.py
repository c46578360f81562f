"""The largest entry of the product."""

SAYS = {"lag_one": "largest entry"}
BREAKS = {
    "jacobian-norms-tests": ["lag_one", "product", "without_eigenvalues", "norm_edges"],
}


# %% jacobian-norms
def jacobian_norms(h, weight_hh):
    product = torch.eye(h.shape[1], dtype=h.dtype)
    norms = [product.abs().max()]
    for h_t in h.flip(0)[:-1]:
        product = product @ ((1 - h_t**2).unsqueeze(1) * weight_hh)
        norms.append(product.abs().max())
    return torch.stack(norms)
