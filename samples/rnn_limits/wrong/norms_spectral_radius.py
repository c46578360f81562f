"""The largest eigenvalue in size, which is not a norm."""

SAYS = {"lag_one": "largest eigenvalue"}
BREAKS = {
    "jacobian-norms-tests": ["lag_one", "product", "without_eigenvalues", "norm_edges"],
}


# %% jacobian-norms
def jacobian_norms(h, weight_hh):
    product = torch.eye(h.shape[1], dtype=h.dtype)
    norms = [torch.ones((), dtype=h.dtype)]
    for h_t in h.flip(0)[:-1]:
        product = product @ ((1 - h_t**2).unsqueeze(1) * weight_hh)
        norms.append(torch.linalg.eigvals(product).abs().max())
    return torch.stack(norms)
