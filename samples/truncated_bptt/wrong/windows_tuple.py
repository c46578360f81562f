"""The windows give a plain tuple back."""

KIND = "wrapping"
SAYS = {"learned_form": "should return Learned"}
BREAKS = {"windows-tests": ["learned_form"]}


# %% windows
def full_bptt(layer, x, target, loss=half_squared_error, state=None):
    y, state = layer(x, state)
    value = loss(y, target)
    parameters = {n: p for n, p in layer.named_parameters() if p.requires_grad}
    found = torch.autograd.grad(value, list(parameters.values()), materialize_grads=True)
    return (value.detach(), dict(zip(parameters, found, strict=True)), _detached(state))


def windowed_bptt(layer, x, target, window, loss=half_squared_error, state=None):
    total, gradients = 0, {}
    for x_k, target_k in zip(x.split(window, 1), target.split(window, 1), strict=True):
        piece = full_bptt(layer, x_k, target_k, loss, state)
        state = piece[2]
        total = total + piece[0]
        for name, gradient in piece[1].items():
            gradients[name] = gradients.get(name, 0) + gradient
    return (total, gradients, state)
