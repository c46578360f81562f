"""Cuts every entry off at max_norm, which turns the direction."""

SAYS = {"common_norm": "one by one"}
BREAKS = {
    "clip-gradients-tests": ["common_norm"],
}


# %% clip-gradients
def clip_gradients(gradients, max_norm):
    gradients = list(gradients)
    if not max_norm > 0 or not gradients:
        raise ValueError("there must be gradients, and max_norm must be above 0")
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    if not torch.isfinite(norm):
        raise ValueError("the norm is not finite")
    return [g.clamp(-max_norm, max_norm) for g in gradients], norm
