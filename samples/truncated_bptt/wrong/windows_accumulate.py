"""backward() adds to what an earlier call left in .grad."""

SAYS = {"unused": "left in .grad"}
BREAKS = {"windows-tests": ["unused"]}


# %% windows
def gradients_of(layer):
    named = {n: p for n, p in layer.named_parameters() if p.requires_grad}
    return {n: torch.zeros_like(p) if p.grad is None else p.grad.clone() for n, p in named.items()}


def full_bptt(layer, x, target, loss=half_squared_error, state=None):
    y, state = layer(x, state)
    value = loss(y, target)
    value.backward()
    return Learned(value.detach(), gradients_of(layer), _detached(state))


def windowed_bptt(layer, x, target, window, loss=half_squared_error, state=None):
    total = 0
    for x_k, target_k in zip(x.split(window, 1), target.split(window, 1), strict=True):
        piece = full_bptt(layer, x_k, target_k, loss, state)
        state = piece.state
        total = total + piece.loss
    return Learned(total, piece.gradients, state)
