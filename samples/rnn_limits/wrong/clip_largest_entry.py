"""The largest entry is taken for the norm."""

SAYS = {"returned_norm": "largest entry"}
BREAKS = {
    "clip-gradients-tests": ["common_norm", "returned_norm"],
}


# %% clip-gradients
def clip_gradients(gradients, max_norm):
    gradients = list(gradients)
    if not gradients or not max_norm > 0:
        raise ValueError("no gradients, or max_norm is not above 0")
    norm = torch.stack([g.abs().max() for g in gradients]).max()
    if not norm.isfinite():
        raise ValueError("the norm is not finite")
    scale = max_norm / norm if norm > max_norm else 1.0
    return [g * scale for g in gradients], norm
