"""The result is a tensor of the default dtype."""

KIND = "wrapping"
SAYS = {"norm_form": "float32, expected float64"}
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
    return torch.tensor([norm.item() for norm in norms])
