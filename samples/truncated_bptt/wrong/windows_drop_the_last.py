"""A last window that is shorter than the others is left out."""

SAYS = {"adds_up": "last window is left out"}
BREAKS = {"windows-tests": ["adds_up", "window_edges"]}


# %% windows
def full_bptt(layer, x, target, loss=half_squared_error, state=None):
    y, state = layer(x, state)
    value = loss(y, target)
    parameters = {n: p for n, p in layer.named_parameters() if p.requires_grad}
    found = torch.autograd.grad(value, list(parameters.values()), materialize_grads=True)
    return Learned(value.detach(), dict(zip(parameters, found, strict=True)), _detached(state))


def windowed_bptt(layer, x, target, window, loss=half_squared_error, state=None):
    total, gradients = 0, {}
    for k in range(x.shape[1] // window):
        x_k = x[:, k * window : (k + 1) * window]
        target_k = target[:, k * window : (k + 1) * window]
        piece = full_bptt(layer, x_k, target_k, loss, state)
        state = piece.state
        total = total + piece.loss
        for name, gradient in piece.gradients.items():
            gradients[name] = gradients.get(name, 0) + gradient
    return Learned(total, gradients, state)
