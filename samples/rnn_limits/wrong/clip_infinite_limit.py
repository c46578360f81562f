"""inf / inf is nan."""

SAYS = {"short_gradients": "max_norm = inf"}
BREAKS = {
    "clip-gradients-tests": ["short_gradients"],
}


# %% clip-gradients
def clip_gradients(gradients, max_norm):
    gradients = list(gradients)
    if not gradients or not max_norm > 0:
        raise ValueError("no gradients, or max_norm is not above 0")
    norm = torch.stack([(g**2).sum() for g in gradients]).sum().sqrt()
    if not norm.isfinite():
        raise ValueError("the norm is not finite")
    scale = max_norm / norm.clamp(min=max_norm)
    return [g * scale for g in gradients], norm
