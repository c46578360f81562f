"""The windows return the state that came in."""

SAYS = {"carried_on": "after the last token"}
BREAKS = {"windows-tests": ["carried_on", "window_edges"]}


# %% windows
def full_bptt(layer, x, target, loss=half_squared_error, state=None):
    y, state = layer(x, state)
    value = loss(y, target)
    parameters = {n: p for n, p in layer.named_parameters() if p.requires_grad}
    found = torch.autograd.grad(value, list(parameters.values()), materialize_grads=True)
    return Learned(value.detach(), dict(zip(parameters, found, strict=True)), _detached(state))


def windowed_bptt(layer, x, target, window, loss=half_squared_error, state=None):
    total, gradients, first = 0, {}, state
    for x_k, target_k in zip(x.split(window, 1), target.split(window, 1), strict=True):
        piece = full_bptt(layer, x_k, target_k, loss, state)
        state = piece.state
        total = total + piece.loss
        for name, gradient in piece.gradients.items():
            gradients[name] = gradients.get(name, 0) + gradient
    return Learned(total, gradients, first)
