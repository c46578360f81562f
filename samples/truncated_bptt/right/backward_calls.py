"""Right: .backward() and .grad, put back afterwards; a tape of steps; counting with a table."""


# %% windows
def _piece(layer, x, target, loss, state):
    y, state = layer(x, state)
    value = loss(y, target)
    value.backward()
    return value.detach(), _detached(state)


def windowed_bptt(layer, x, target, window, loss=half_squared_error, state=None):
    check_sequence("x", x)
    parameters = {name: p for name, p in layer.named_parameters() if p.requires_grad}
    before = {name: p.grad for name, p in parameters.items()}
    for p in parameters.values():
        p.grad = None
    total = 0.0
    if state is not None:
        state = _detached(state)
    for start in range(0, x.shape[1], window):
        stop = start + window
        value, state = _piece(layer, x[:, start:stop], target[:, start:stop], loss, state)
        total = total + value
    gradients = {}
    for name, p in parameters.items():
        gradients[name] = torch.zeros_like(p) if p.grad is None else p.grad
        p.grad = before[name]
    return Learned(total, gradients, state)


def full_bptt(layer, x, target, loss=half_squared_error, state=None):
    return windowed_bptt(layer, x, target, x.shape[1], loss, state)


# %% memory-cells
def memory_cells(W, x, state, truncated=True):
    cells = state.s.shape[1]
    W_c, W_in, W_out = W[:cells], W[cells : 2 * cells], W[2 * cells :]
    s, y = state.s, state.y
    tape = []
    for t in range(x.shape[1]):
        if truncated:
            with torch.no_grad():
                y = y.clone()
        z = torch.cat((x[:, t], y, x.new_ones(len(x), 1)), dim=-1)
        gate_in = (z @ W_in.T).sigmoid()
        gate_out = (z @ W_out.T).sigmoid()
        s = s + gate_in * (z @ W_c.T).tanh()
        tape.append(gate_out * s.tanh())
        y = torch.cat((tape[-1], gate_in, gate_out), dim=-1)
    return torch.stack(tape, 1), CellState(s, y)


# %% traces
def trace_step(W, x, before):
    cells = before.s.shape[1]
    z = torch.cat([x, before.y, torch.ones(len(x), 1, dtype=x.dtype)], 1)
    a = z @ W.T
    g = a[:, :cells].tanh()
    gates = a[:, cells:].sigmoid()
    i, o = gates[:, :cells], gates[:, cells:]
    s = before.s + i * g
    by_cell = (i - i * g * g)[:, :, None] * z[:, None, :]
    by_gate = (g * (i - i * i))[:, :, None] * z[:, None, :]
    y = torch.cat([o * s.tanh(), gates], 1)
    return Traces(s, y, z, before.cell + by_cell, before.gate + by_gate)


def trace_gradient(now, error):
    cells = now.s.shape[1]
    o = now.y[:, 2 * cells :]
    yc = now.y[:, :cells]
    E = error * o * (1 - torch.tanh(now.s) ** 2)
    rows_c = (E[:, :, None] * now.cell).sum(0)
    rows_i = (E[:, :, None] * now.gate).sum(0)
    rows_o = ((error * yc * (1 - o))[:, :, None] * now.z[:, None, :]).sum(0)
    return torch.cat([rows_c, rows_i, rows_o], 0)


# %% rtrl
def rtrl_step(W, x, h, P):
    hidden = len(W)
    z = torch.cat([x, h, torch.ones(len(x), 1, dtype=x.dtype)], 1)
    new = (z @ W.T).tanh()
    U = W[:, x.shape[1] : -1]
    flat = P.reshape(len(P), hidden, -1)
    inner = (U @ flat).reshape(P.shape).clone()
    for k in range(hidden):
        inner[:, k, k] += z
    return new, inner * (1 - new * new)[:, :, None, None]


def rtrl_gradient(P, error):
    return (error[:, :, None, None] * P).sum(dim=(0, 1))


# %% kept
def numbers_kept(algorithm, inputs, hidden, time, window):
    steps = {"full": time, "windows": min(time, window)}
    if algorithm in steps:
        k = steps[algorithm]
        return k * (inputs + hidden) + hidden
    match algorithm:
        case "rtrl":
            return hidden * (1 + hidden * (inputs + hidden + 1))
        case "traces":
            return hidden * (4 + 2 * (inputs + 3 * hidden + 1))
    raise ValueError(algorithm)
