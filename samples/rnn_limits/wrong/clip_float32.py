"""Everything is made float32."""

KIND = "wrapping"
SAYS = {"kept_arguments": "float32, expected float64"}
BREAKS = {
    "clip-gradients-tests": ["kept_arguments"],
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
    return [(g * scale).float() for g in gradients], norm
