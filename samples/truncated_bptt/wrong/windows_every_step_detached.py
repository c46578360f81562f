"""The state is detached after every step, not after every window."""

SAYS = {"cut_between": "at every step"}
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
        outputs = []
        for x_t in x_k.unbind(dim=1):
            y_t, state = layer.step(x_t, layer.initial_state(len(x)) if state is None else state)
            state = _detached(state)
            outputs.append(y_t)
        total = total + loss(torch.stack(outputs, dim=1), target_k)
    found = torch.autograd.grad(total, list(parameters.values()), materialize_grads=True)
    return Learned(total.detach(), dict(zip(parameters, found, strict=True)), _detached(state))
