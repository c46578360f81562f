"""Neither max_norm nor the norm is looked at."""

SAYS = {"no_direction": "should raise ValueError"}
BREAKS = {
    "clip-gradients-tests": ["no_direction"],
}


# %% clip-gradients
def clip_gradients(gradients, max_norm):
    gradients = list(gradients)
    norm = torch.stack([(g**2).sum() for g in gradients]).sum().sqrt()
    scale = max_norm / norm if norm > max_norm else 1.0
    return [g * scale for g in gradients], norm
