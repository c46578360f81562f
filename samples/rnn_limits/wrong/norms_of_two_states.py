"""Stops at a single state, where no step is left."""

SAYS = {"norm_edges": "AssertionError"}
BREAKS = {
    "jacobian-norms-tests": ["norm_edges"],
}


# %% jacobian-norms
def jacobian_norms(h, weight_hh):
    assert len(h) > 1
    product = torch.eye(h.shape[1], dtype=h.dtype)
    norms = [torch.linalg.matrix_norm(product, ord=2)]
    for h_t in h.flip(0)[:-1]:
        product = product @ ((1 - h_t**2).unsqueeze(1) * weight_hh)
        norms.append(torch.linalg.matrix_norm(product, ord=2))
    return torch.stack(norms)
