"""The gradients come as a list, without names."""

KIND = "wrapping"
SAYS = {"learned_form": "a dict whose keys are the names"}
BREAKS = {"windows-tests": ["learned_form"]}


# %% windows
def full_bptt(layer, x, target, loss=half_squared_error, state=None):
    y, state = layer(x, state)
    value = loss(y, target)
    parameters = {n: p for n, p in layer.named_parameters() if p.requires_grad}
    found = torch.autograd.grad(value, list(parameters.values()), materialize_grads=True)
    return Learned(value.detach(), list(found), _detached(state))


def windowed_bptt(layer, x, target, window, loss=half_squared_error, state=None):
    total, gradients = 0, None
    for x_k, target_k in zip(x.split(window, 1), target.split(window, 1), strict=True):
        piece = full_bptt(layer, x_k, target_k, loss, state)
        state = piece.state
        total = total + piece.loss
        new = piece.gradients
        gradients = [a + b for a, b in zip(gradients or [0] * len(new), new, strict=True)]
    return Learned(total, gradients, state)
