"""PyTorch's own clipping, wrapped: refused."""

KIND = "ready-made"
SAYS = {"common_norm": "ready made"}
BREAKS = {
    "clip-gradients-tests": [
        "common_norm",
        "short_gradients",
        "returned_norm",
        "kept_arguments",
        "any_iterable",
        "no_direction",
    ],
}


# %% clip-gradients
def clip_gradients(gradients, max_norm):
    from torch.nn.utils import clip_grad_norm_

    holders = [nn.Parameter(torch.zeros_like(g)) for g in gradients]
    if not holders or not max_norm > 0:
        raise ValueError("nothing to clip")
    for holder, gradient in zip(holders, gradients, strict=True):
        holder.grad = gradient.clone()
    norm = clip_grad_norm_(holders, max_norm)
    if not torch.isfinite(norm):
        raise ValueError("not finite")
    return [holder.grad for holder in holders], norm
