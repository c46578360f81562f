"""Each tensor is clipped by its own norm."""

SAYS = {"common_norm": "by its own norm"}
BREAKS = {
    "clip-gradients-tests": ["common_norm"],
}


# %% clip-gradients
def clip_gradients(gradients, max_norm):
    gradients = list(gradients)
    if not gradients or not max_norm > 0:
        raise ValueError("no gradients, or max_norm is not above 0")
    norm = torch.stack([(g**2).sum() for g in gradients]).sum().sqrt()
    if not norm.isfinite():
        raise ValueError("the norm is not finite")
    scale = max_norm / norm if norm > max_norm else 1.0
    return [g * min(1.0, max_norm / max(float(g.norm()), 1e-300)) for g in gradients], norm
