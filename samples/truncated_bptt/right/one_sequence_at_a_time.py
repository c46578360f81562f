"""Right: vectors and matrices of one sequence, a loop over the batch, vmap for it in part 4."""


# %% windows
def windowed_bptt(layer, x, target, window, loss=half_squared_error, state=None):
    """One forward pass of pieces, all losses kept, one backward pass at the end."""
    if window < 1:
        raise ValueError(f"{window} is no window")
    weights = {n: p for n, p in layer.named_parameters() if p.requires_grad}
    losses = []
    for x_k, target_k in zip(x.split(window, 1), target.split(window, 1), strict=True):
        start = state if state is None else _detached(state)
        y, state = layer(x_k, start)
        losses.append(loss(y, target_k))
    total = torch.stack(losses).sum()
    found = torch.autograd.grad(total, [*weights.values()], materialize_grads=True)
    return Learned(total.detach(), dict(zip(weights, found, strict=True)), _detached(state))


def full_bptt(layer, x, target, loss=half_squared_error, state=None):
    return windowed_bptt(layer, x, target, x.shape[1], loss=loss, state=state)


# %% memory-cells
def memory_cells(W, x, state, truncated=True):
    cells = state.s.shape[1]
    one = torch.ones(1, dtype=x.dtype)
    outputs, ends = [], []
    for sequence, s, y in zip(x, state.s, state.y, strict=True):
        said = []
        for token in sequence:
            if truncated:
                y = y.detach()
            net = W @ torch.cat([token, y, one])
            i, o = torch.sigmoid(net[cells : 2 * cells]), torch.sigmoid(net[2 * cells :])
            s = s + i * torch.tanh(net[:cells])
            said.append(o * torch.tanh(s))
            y = torch.cat([said[-1], i, o])
        outputs.append(torch.stack(said))
        ends.append((s, y))
    return torch.stack(outputs), CellState(*(torch.stack(part) for part in zip(*ends, strict=True)))


# %% traces
def _one_step(W, token, s, y, cell, gate):
    n = len(s)
    z = torch.cat([token, y, torch.ones(1, dtype=token.dtype)])
    net = W.mv(z)
    g, i, o = net[:n].tanh(), net[n : 2 * n].sigmoid(), net[2 * n :].sigmoid()
    s = s + i * g
    cell = cell + torch.outer(i * (1 - g.pow(2)), z)
    gate = gate + torch.outer(g * i * (1 - i), z)
    return s, torch.cat([o * s.tanh(), i, o]), z, cell, gate


def trace_step(W, x, before):
    rows = zip(x, before.s, before.y, before.cell, before.gate, strict=True)
    found = [_one_step(W, *row) for row in rows]
    return Traces(*(torch.stack(part) for part in zip(*found, strict=True)))


def trace_gradient(now, error):
    n = now.s.shape[1]
    total = 0
    for s, y, z, cell, gate, e in zip(*now, error, strict=True):
        h, o = s.tanh(), y[2 * n :]
        E = torch.diag(e * o * (1 - h * h))
        total = total + torch.cat([E @ cell, E @ gate, torch.outer(e * h * o * (1 - o), z)])
    return total


# %% rtrl
def _sensitive(W, token, h, P):
    z = torch.cat([token, h, torch.ones(1, dtype=token.dtype)])
    new = torch.tanh(W @ z)
    U = W[:, len(token) : len(token) + len(h)]
    return new, torch.stack(
        [
            (1 - new[k] ** 2)
            * (
                sum(U[k, j] * P[j] for j in range(len(h)))
                + torch.outer(torch.eye(len(h), dtype=z.dtype)[k], z)
            )
            for k in range(len(h))
        ]
    )


def rtrl_step(W, x, h, P):
    found = [_sensitive(W, *each) for each in zip(x, h, P, strict=True)]
    return torch.stack([new for new, _ in found]), torch.stack([P for _, P in found])


def rtrl_gradient(P, error):
    return sum(e[k] * P_b[k] for P_b, e in zip(P, error, strict=True) for k in range(len(e)))


# %% kept
def numbers_kept(algorithm, inputs, hidden, time, window):
    if algorithm == "windows":
        time = min(time, window)
    try:
        kept = {
            "full": [time * inputs, (1 + time) * hidden],
            "windows": [time * inputs, (1 + time) * hidden],
            "rtrl": [hidden, hidden * hidden * (inputs + hidden + 1)],
            "traces": [hidden, 3 * hidden, *2 * [hidden * (inputs + 3 * hidden + 1)]],
        }[algorithm]
    except KeyError:
        raise ValueError(algorithm) from None
    return sum(kept)
