"""The root is missing."""

SAYS = {"returned_norm": "squared norm"}
BREAKS = {
    "clip-gradients-tests": ["common_norm", "short_gradients", "returned_norm"],
}


# %% clip-gradients
def clip_gradients(gradients, max_norm):
    gradients = list(gradients)
    if not max_norm > 0 or not gradients:
        raise ValueError("there must be gradients, and max_norm must be above 0")
    norm = sum((g**2).sum() for g in gradients)
    if not torch.isfinite(norm):
        raise ValueError("the norm is not finite")
    scale = max_norm / torch.clamp(norm, min=max_norm)
    return [g * scale for g in gradients], norm
