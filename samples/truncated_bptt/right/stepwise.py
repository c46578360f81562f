"""Right: windows as a detach every so many steps of layer.step; in place on copies."""


# %% windows
def _walk(layer, x, target, window, loss, state):
    weights = [(n, p) for n, p in layer.named_parameters() if p.requires_grad]
    state = layer.initial_state(x.shape[0]) if state is None else _detached(state)
    y, pieces, at = [], [], 0
    for t in range(x.shape[1]):
        if t and t % window == 0:
            state = _detached(state)
            pieces.append(loss(torch.stack(y, dim=1), target[:, at:t]))
            y, at = [], t
        y_t, state = layer.step(x[:, t], state)
        y.append(y_t)
    pieces.append(loss(torch.stack(y, dim=1), target[:, at:]))
    total = sum(pieces)
    found = torch.autograd.grad(total, [p for _, p in weights], allow_unused=True)
    gradients = {
        n: (g if g is not None else p.detach() * 0)
        for (n, p), g in zip(weights, found, strict=True)
    }
    return Learned(loss=total.detach(), gradients=gradients, state=_detached(state))


def full_bptt(layer, x, target, loss=half_squared_error, state=None):
    return _walk(layer, x, target, x.shape[1] + 1, loss, state)


def windowed_bptt(layer, x, target, window, loss=half_squared_error, state=None):
    return _walk(layer, x, target, window, loss, state)


# %% memory-cells
class StopsHere(torch.autograd.Function):
    @staticmethod
    def forward(ctx, value):
        return value.clone()

    @staticmethod
    def backward(ctx, gradient):
        return torch.zeros_like(gradient)


def memory_cells(W, x, state, truncated=True):
    cells = state.s.shape[1]
    inputs = x.shape[2]
    W_x, W_y, b = W[:, :inputs], W[:, inputs:-1], W[:, -1]
    from_x = x @ W_x.T + b
    s, y = state
    outputs = []
    for t in range(x.shape[1]):
        heard = StopsHere.apply(y) if truncated else y
        net = from_x[:, t] + heard @ W_y.T
        gates = torch.sigmoid(net[:, cells:])
        s = s + gates[:, :cells] * torch.tanh(net[:, :cells])
        outputs.append(gates[:, cells:] * torch.tanh(s))
        y = torch.cat([outputs[-1], gates], dim=1)
    return torch.stack(outputs, dim=1), CellState(s, y)


# %% traces
def trace_step(W, x, before):
    cells = before.s.shape[1]
    z = torch.hstack([x, before.y, torch.ones_like(before.s[:, :1])])
    net = torch.matmul(z, W.transpose(0, 1))
    g = torch.tanh(net[:, :cells])
    gates = torch.sigmoid(net[:, cells:])
    i, o = gates.tensor_split(2, dim=1)
    s = before.s.clone()
    s += i * g
    cell, gate = before.cell.clone(), before.gate.clone()
    for j in range(cells):
        cell[:, j] += (i[:, j] * (1 - g[:, j] ** 2)).unsqueeze(1) * z
        gate[:, j] += (g[:, j] * i[:, j] * (1 - i[:, j])).unsqueeze(1) * z
    return Traces(s, torch.hstack([o * torch.tanh(s), gates]), z, cell, gate)


def trace_gradient(now, error):
    cells = now.s.shape[1]
    yc, _, o = now.y.tensor_split(3, dim=1)
    gradient = []
    E = error * (o - yc * yc / o)
    for trace in (now.cell, now.gate):
        gradient += [E[:, j] @ trace[:, j] for j in range(cells)]
    gradient += [(error * yc * (1 - o))[:, j] @ now.z for j in range(cells)]
    return torch.vstack(gradient)


# %% rtrl
def rtrl_step(W, x, h, P):
    hidden = h.shape[1]
    z = torch.hstack([x, h, torch.ones_like(h[:, :1])])
    new = torch.tanh(torch.matmul(z, W.transpose(0, 1)))
    U = W[:, -hidden - 1 : -1]
    after = torch.zeros_like(P)
    for i in range(hidden):
        after[:, :, i] = torch.matmul(U, P[:, :, i])
        after[:, i, i] += z
    after *= (1 - new**2).unsqueeze(-1).unsqueeze(-1)
    return new, after


def rtrl_gradient(P, error):
    batch, hidden = error.shape
    return (error.reshape(1, -1) @ P.reshape(batch * hidden, -1)).reshape(P.shape[2:])


# %% kept
def numbers_kept(algorithm, inputs, hidden, time, window):
    if algorithm not in {"full", "windows", "rtrl", "traces"}:
        raise ValueError("full, windows, rtrl or traces?")
    if algorithm.endswith("s") and algorithm.startswith("w"):
        time = time if time < window else window
    if algorithm in {"full", "windows"}:
        kept = hidden
        for number in (inputs, hidden):
            kept += time * number
        return kept
    units = hidden if algorithm == "rtrl" else 3 * hidden
    row = inputs + units + 1
    return (
        hidden + hidden * hidden * row if algorithm == "rtrl" else hidden + units + 2 * hidden * row
    )
