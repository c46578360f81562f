"""full_bptt goes back five steps and no further."""

SAYS = {"whole_sequence": "over the whole sequence"}
BREAKS = {"windows-tests": ["whole_sequence"]}


# %% windows
def windowed_bptt(layer, x, target, window, loss=half_squared_error, state=None):
    parameters = {n: p for n, p in layer.named_parameters() if p.requires_grad}
    losses = []
    for x_k, target_k in zip(x.split(window, 1), target.split(window, 1), strict=True):
        y, state = layer(x_k, state)
        losses.append(loss(y, target_k))
        state = _detached(state)
    found = torch.autograd.grad(sum(losses), list(parameters.values()), materialize_grads=True)
    return Learned(sum(losses).detach(), dict(zip(parameters, found, strict=True)), state)


def full_bptt(layer, x, target, loss=half_squared_error, state=None):
    return windowed_bptt(layer, x, target, 5, loss, state)
