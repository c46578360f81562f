"""Right: small functions, functional_call in part 1, outer products, counts by tensors."""


# %% windows
def learner(layer, loss):
    free = {n: p.detach().requires_grad_() for n, p in layer.named_parameters() if p.requires_grad}

    def differentiate(x, target, state):
        y, last = torch.func.functional_call(layer, free, (x, state))
        value = loss(y, target)
        found = torch.autograd.grad(value, list(free.values()), materialize_grads=True)
        return dict(zip(free, found, strict=True)), value.detach(), last

    return differentiate


def full_bptt(layer, x, target, loss=half_squared_error, state=None):
    _check_target(target, x)
    gradients, value, last = learner(layer, loss)(x, target, state)
    return Learned(value, gradients, _detached(last))


def windowed_bptt(layer, x, target, window, loss=half_squared_error, state=None):
    if window < 1:
        raise ValueError("no window")
    done = []
    for piece in zip(x.split(window, dim=1), target.split(window, dim=1), strict=True):
        done.append(full_bptt(layer, *piece, loss=loss, state=state))
        state = done[-1].state
    gradients = {n: sum(each.gradients[n] for each in done) for n in done[0].gradients}
    return Learned(sum(each.loss for each in done), gradients, state)


# %% memory-cells
F = torch.nn.functional


def hear(x_t, y):
    return F.pad(torch.cat([x_t, y], dim=1), (0, 1), value=1.0)


def one_cell_step(W, z, s):
    c, i, o = F.linear(z, W).chunk(3, dim=1)
    s = torch.addcmul(s, F.sigmoid(i), F.tanh(c))
    yc = F.sigmoid(o) * F.tanh(s)
    return s, torch.cat([yc, F.sigmoid(i), F.sigmoid(o)], dim=1)


def memory_cells(W, x, state, truncated=True):
    s, y = state
    n = s.size(1)
    ys = []
    for x_t in torch.unbind(x, dim=1):
        z = hear(x_t, y.detach()) if truncated else hear(x_t, y)
        s, y = one_cell_step(W, z, s)
        ys.append(y[:, :n])
    return torch.stack(ys, dim=1), CellState(s=s, y=y)


# %% traces
def times(factor, z):
    return torch.einsum("bc,bm->bcm", factor, z)


def trace_step(W, x, before):
    z = torch.nn.functional.pad(torch.cat([x, before.y], dim=1), (0, 1), value=1.0)
    c, i, o = torch.nn.functional.linear(z, W).chunk(3, dim=1)
    g, i, o = c.tanh(), i.sigmoid(), o.sigmoid()
    s = before.s + i * g
    return before._replace(
        s=s,
        y=torch.cat([o * s.tanh(), i, o], dim=1),
        z=z,
        cell=before.cell + times(i / torch.cosh(c) ** 2, z),
        gate=before.gate + times(g * i * (1 - i), z),
    )


def trace_gradient(now, error):
    n = now.s.size(1)
    o, h = now.y[:, -n:], now.s.tanh()
    into = error * o / torch.cosh(now.s) ** 2
    both = torch.einsum("bc,kbcm->kcm", into, torch.stack([now.cell, now.gate]))
    return torch.cat(
        [both.flatten(0, 1), torch.einsum("bc,bm->cm", error * h * o * (1 - o), now.z)]
    )


# %% rtrl
def rtrl_step(W, x, h, P):
    z = torch.nn.functional.pad(torch.cat([x, h], dim=1), (0, 1), value=1.0)
    new = torch.nn.functional.linear(z, W).tanh()
    _, U, _ = W.split([x.size(1), h.size(1), 1], dim=1)
    inner = torch.tensordot(P, U, dims=([1], [1])).movedim(-1, 1)
    direct = torch.diag_embed(z.unsqueeze(1).repeat(1, len(W), 1).movedim(2, 1)).movedim(1, -1)
    return new, torch.mul((1 + new) * (1 - new), (inner + direct).movedim((2, 3), (0, 1))).movedim(
        (0, 1), (2, 3)
    )


def rtrl_gradient(P, error):
    return torch.tensordot(error, P, dims=([0, 1], [0, 1]))


# %% kept
def numbers_kept(algorithm, inputs, hidden, time, window):
    def size(*shapes):
        return sum(torch.Size(shape).numel() for shape in shapes)

    def pile(steps):
        return size((steps, inputs), (steps + 1, hidden))

    trace = (hidden, inputs + 3 * hidden + 1)
    counts = {
        "full": lambda: pile(time),
        "windows": lambda: pile(window if window < time else time),
        "rtrl": lambda: size((hidden,), (hidden, hidden, inputs + hidden + 1)),
        "traces": lambda: size((hidden,), (3 * hidden,), trace, trace),
    }
    if algorithm not in counts:
        raise ValueError(f"no such algorithm: {algorithm}")
    return counts[algorithm]()
