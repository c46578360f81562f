"""Neither max_norm nor the norm is looked at."""

BREAKS = {
    "clip-gradients-tests": ["no_direction"],
}


# %% clip-gradients
def clip_gradients(gradients, max_norm):
    gradients = list(gradients)
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    scale = max_norm / torch.clamp(norm, min=max_norm)
    return [g * scale for g in gradients], norm
