"""One graph over all windows: the state is carried on with its history."""

SAYS = {"cut_between": "beyond its window"}
BREAKS = {"windows-tests": ["cut_between", "window_edges"]}


# %% windows
def full_bptt(layer, x, target, loss=half_squared_error, state=None):
    y, state = layer(x, state)
    value = loss(y, target)
    parameters = {n: p for n, p in layer.named_parameters() if p.requires_grad}
    found = torch.autograd.grad(value, list(parameters.values()), materialize_grads=True)
    return Learned(value.detach(), dict(zip(parameters, found, strict=True)), _detached(state))


def windowed_bptt(layer, x, target, window, loss=half_squared_error, state=None):
    parameters = {n: p for n, p in layer.named_parameters() if p.requires_grad}
    total = 0
    for x_k, target_k in zip(x.split(window, 1), target.split(window, 1), strict=True):
        y, state = layer(x_k, state)
        total = total + loss(y, target_k)
    found = torch.autograd.grad(total, list(parameters.values()), materialize_grads=True)
    return Learned(total.detach(), dict(zip(parameters, found, strict=True)), _detached(state))
