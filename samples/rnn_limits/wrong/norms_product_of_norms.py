"""Multiplies the norms of the factors: a bound, not the norm of the product."""

SAYS = {"product": "product of the norms"}
BREAKS = {
    "jacobian-norms-tests": ["product", "without_eigenvalues", "norm_edges"],
}


# %% jacobian-norms
def jacobian_norms(h, weight_hh):
    factors = (1 - h**2).unsqueeze(2) * weight_hh
    norms = torch.linalg.matrix_norm(factors, ord=2).flip(0)
    one = torch.ones(1, dtype=h.dtype)
    return torch.cat([one, norms[:-1].cumprod(0)])
