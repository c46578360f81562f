"""Right: einsum everywhere, results written into tensors made in advance."""


# %% windows
def full_bptt(layer, x, target, loss=half_squared_error, state=None):
    names = [n for n, p in layer.named_parameters() if p.requires_grad]
    weights = [p for p in layer.parameters() if p.requires_grad]
    y, last = layer(x, None if state is None else _detached(state))
    L = loss(y, target)
    found = torch.autograd.grad(L, weights, allow_unused=True)
    filled = [torch.zeros_like(w) if g is None else g for g, w in zip(found, weights, strict=True)]
    return Learned(L.detach(), dict(zip(names, filled, strict=True)), _detached(last))


def windowed_bptt(layer, x, target, window, loss=half_squared_error, state=None):
    total = torch.zeros((), dtype=x.dtype)
    sums = {n: torch.zeros_like(p) for n, p in layer.named_parameters() if p.requires_grad}
    t = 0
    while t < x.shape[1]:
        piece = full_bptt(layer, x[:, t : t + window], target[:, t : t + window], loss, state)
        for n in sums:
            sums[n] += piece.gradients[n]
        total += piece.loss
        state = piece.state
        t += window
    return Learned(total, sums, state)


# %% memory-cells
def memory_cells(W, x, state, truncated=True):
    time = x.shape[1]
    cells = state.s.shape[1]
    W3 = W.reshape(3, cells, -1)
    inputs = x.shape[2]
    s, y = state
    out = []
    for t in range(time):
        if truncated:
            y = y.detach()
        nets = torch.einsum("kcm,bm->kbc", W3[:, :, :inputs], x[:, t])
        nets = nets + torch.einsum("kcm,bm->kbc", W3[:, :, inputs:-1], y) + W3[:, None, :, -1]
        gates = torch.sigmoid(nets[1:])
        s = s + gates[0] * torch.tanh(nets[0])
        out.append(gates[1] * torch.tanh(s))
        y = torch.cat([out[-1], gates[0], gates[1]], dim=1)
    return torch.stack(out, dim=1), CellState(s, y)


# %% traces
def trace_step(W, x, before):
    batch, cells = before.s.shape
    width = W.shape[1]
    z = x.new_empty(batch, width)
    z[:, : x.shape[1]] = x
    z[:, x.shape[1] : -1] = before.y
    z[:, -1] = 1
    nets = torch.einsum("kcm,bm->kbc", W.reshape(3, cells, width), z)
    g, i, o = torch.tanh(nets[0]), torch.sigmoid(nets[1]), torch.sigmoid(nets[2])
    s = before.s + i * g
    y = torch.empty_like(before.y)
    y[:, :cells], y[:, cells : 2 * cells], y[:, 2 * cells :] = o * torch.tanh(s), i, o
    cell = before.cell + torch.einsum("bc,bc,bm->bcm", i, 1 - g.square(), z)
    gate = before.gate + torch.einsum("bc,bc,bc,bm->bcm", g, i, 1 - i, z)
    return Traces(s, y, z, cell, gate)


def trace_gradient(now, error):
    cells = now.s.shape[1]
    h, o = torch.tanh(now.s), now.y[:, 2 * cells :]
    result = torch.empty(3 * cells, now.z.shape[1], dtype=error.dtype)
    result[:cells] = torch.einsum("bc,bc,bc,bcm->cm", error, o, 1 - h * h, now.cell)
    result[cells : 2 * cells] = torch.einsum("bc,bc,bc,bcm->cm", error, o, 1 - h * h, now.gate)
    result[2 * cells :] = torch.einsum("bc,bc,bc,bc,bm->cm", error, h, o, 1 - o, now.z)
    return result


# %% rtrl
def rtrl_step(W, x, h, P):
    inputs = x.shape[1]
    a = torch.einsum("im,bm->bi", W[:, :inputs], x)
    a = a + torch.einsum("il,bl->bi", W[:, inputs:-1], h) + W[:, -1]
    new = torch.tanh(a)
    result = torch.einsum("bk,kl,blim->bkim", 1 - new.square(), W[:, inputs:-1], P)
    z = torch.cat([x, h, torch.ones_like(x[:, :1])], dim=1)
    units = torch.arange(len(W))
    result[:, units, units] += torch.einsum("bk,bm->bkm", 1 - new.square(), z)
    return new, result


def rtrl_gradient(P, error):
    return torch.einsum("bk,bkim->im", error, P)


# %% kept
def numbers_kept(algorithm, inputs, hidden, time, window):
    if algorithm == "full":
        return time * inputs + hidden * time + hidden
    if algorithm == "windows":
        return numbers_kept("full", inputs, hidden, min(time, window), window)
    if algorithm == "rtrl":
        return hidden + hidden**2 * inputs + hidden**3 + hidden**2
    if algorithm == "traces":
        return hidden + 3 * hidden + 2 * (hidden * inputs + 3 * hidden**2 + hidden)
    raise ValueError(f"{algorithm} is not known")
