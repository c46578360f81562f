"""Always scaled to max_norm, up as well as down."""

SAYS = {"short_gradients": "scaled up"}
BREAKS = {
    "clip-gradients-tests": ["short_gradients"],
}


# %% clip-gradients
def clip_gradients(gradients, max_norm):
    gradients = list(gradients)
    if not max_norm > 0 or not gradients:
        raise ValueError("there must be gradients, and max_norm must be above 0")
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    if not torch.isfinite(norm):
        raise ValueError("the norm is not finite")
    scale = max_norm / norm if norm > 0 else 1.0
    return [g * scale for g in gradients], norm
