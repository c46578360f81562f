"""A list of numbers."""

KIND = "wrapping"
SAYS = {"norm_form": "should be a Tensor"}
BREAKS = {
    "jacobian-norms-tests": ["norm_form"],
}


# %% jacobian-norms
def jacobian_norms(h, weight_hh):
    product = torch.eye(h.shape[1], dtype=h.dtype)
    norms = [torch.linalg.matrix_norm(product, ord=2)]
    for h_t in h.flip(0)[:-1]:
        product = product @ ((1 - h_t**2).unsqueeze(1) * weight_hh)
        norms.append(torch.linalg.matrix_norm(product, ord=2))
    return [norm.item() for norm in norms]
