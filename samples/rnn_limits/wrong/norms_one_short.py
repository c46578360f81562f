"""Lag 0 is left out."""

SAYS = {"lag_zero": "lag 0"}
BREAKS = {
    "jacobian-norms-tests": ["norm_form", "lag_zero"],
}


# %% jacobian-norms
def jacobian_norms(h, weight_hh):
    product = torch.eye(h.shape[1], dtype=h.dtype)
    norms = [torch.linalg.matrix_norm(product, ord=2)]
    for h_t in h.flip(0)[:-1]:
        product = product @ ((1 - h_t**2).unsqueeze(1) * weight_hh)
        norms.append(torch.linalg.matrix_norm(product, ord=2))
    return torch.stack(norms[1:]) if len(h) > 1 else torch.stack(norms)
