"""The result is float64 whatever comes in."""

KIND = "wrapping"
SAYS = {"norm_form": "dtype float64, expected float32"}
BREAKS = {
    "jacobian-norms-tests": ["norm_form"],
}


# %% jacobian-norms
def jacobian_norms(h, weight_hh):
    h, weight_hh = h.double(), weight_hh.double()
    product = torch.eye(h.shape[1], dtype=h.dtype)
    norms = [torch.linalg.matrix_norm(product, ord=2)]
    for h_t in h.flip(0)[:-1]:
        product = product @ ((1 - h_t**2).unsqueeze(1) * weight_hh)
        norms.append(torch.linalg.matrix_norm(product, ord=2))
    return torch.stack(norms)
