"""The gradients passed in are overwritten."""

BREAKS = {
    "clip-gradients-tests": ["kept_arguments"],
}


# %% clip-gradients
def clip_gradients(gradients, max_norm):
    gradients = list(gradients)
    if not max_norm > 0 or not gradients:
        raise ValueError("there must be gradients, and max_norm must be above 0")
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    if not torch.isfinite(norm):
        raise ValueError("the norm is not finite")
    scale = max_norm / torch.clamp(norm, min=max_norm)
    return [g.mul_(scale) for g in gradients], norm
