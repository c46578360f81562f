"""Right: recursion over windows, dataclasses inside, the cell as an nn.Module of one's own."""


# %% windows
def full_bptt(layer, x, target, loss=half_squared_error, state=None):
    weights = dict(filter(lambda item: item[1].requires_grad, layer.named_parameters()))
    with torch.enable_grad():
        y, last = layer(x, state)
        value = loss(y, target)
    found = torch.autograd.grad(value, tuple(weights.values()), materialize_grads=True)
    return Learned(value.detach(), dict(zip(weights, found, strict=True)), _detached(last))


def windowed_bptt(layer, x, target, window, loss=half_squared_error, state=None):
    if x.shape[1] <= window:
        return full_bptt(layer, x, target, loss, state)
    first = full_bptt(layer, x[:, :window], target[:, :window], loss, state)
    rest = windowed_bptt(layer, x[:, window:], target[:, window:], window, loss, first.state)
    both = {n: g + rest.gradients[n] for n, g in first.gradients.items()}
    return Learned(first.loss + rest.loss, both, rest.state)


# %% memory-cells
class OneCellLayer(nn.Module):
    def __init__(self, W, cells):
        super().__init__()
        self.rows = W.view(3, cells, -1).unbind(0)

    def forward(self, x, s, y):
        z = torch.cat([x, y, torch.ones_like(x[:, -1:])], dim=-1)
        cell, in_, out = (z @ rows.mT for rows in self.rows)
        s = s + torch.sigmoid(in_) * torch.tanh(cell)
        return s, torch.cat(
            [torch.sigmoid(out) * torch.tanh(s), torch.sigmoid(torch.cat([in_, out], -1))], -1
        )


def memory_cells(W, x, state, truncated=True):
    cells = state.s.shape[1]
    layer = OneCellLayer(W, cells)
    through = torch.Tensor.detach if truncated else (lambda y: y)

    def go(t, s, y):
        if t == x.shape[1]:
            return [], CellState(s, y)
        s, y = layer(x[:, t], s, through(y))
        rest, last = go(t + 1, s, y)
        return [y[:, :cells], *rest], last

    outputs, last = go(0, *state)
    return torch.stack(outputs, 1), last


# %% traces
def sigmoid_and_slope(a):
    f = 1 / (1 + torch.exp(-a))
    return f, f * (1 - f)


def tanh_and_slope(a):
    f = torch.tanh(a)
    return f, (1 - f) * (1 + f)


def trace_step(W, x, before):
    z = torch.cat([x, before.y, x.new_ones(x.shape[0], 1)], dim=1)
    a_c, a_i, a_o = torch.chunk(z @ W.T, 3, dim=1)
    (g, dg), (i, di), (o, _) = tanh_and_slope(a_c), sigmoid_and_slope(a_i), sigmoid_and_slope(a_o)
    s = torch.add(before.s, i * g)
    row = z[:, None]
    cell = torch.addcmul(before.cell, (i * dg)[..., None], row)
    gate = torch.addcmul(before.gate, (g * di)[..., None], row)
    return Traces(s=s, y=torch.cat([o * torch.tanh(s), i, o], 1), z=z, cell=cell, gate=gate)


def trace_gradient(now, error):
    _, _, o = torch.chunk(now.y, 3, dim=1)
    h, dh = tanh_and_slope(now.s)
    E = (error * o * dh)[..., None]
    out = (error * h * (o - o * o))[..., None] * now.z[:, None]
    return torch.cat([E * now.cell, E * now.gate, out], dim=1).sum(dim=0)


# %% rtrl
def rtrl_step(W, x, h, P):
    inputs, hidden = x.shape[1], h.shape[1]
    z = torch.cat([x, h, x.new_ones(x.shape[0], 1)], dim=1)
    new = torch.tanh(z @ W.T)
    J = (1 - new * new)[..., None] * W[:, inputs : inputs + hidden]
    own = torch.diag_embed(1 - new * new)
    return new, (J @ P.flatten(2)).view_as(P) + own[..., None] * z[:, None, None]


def rtrl_gradient(P, error):
    return (error[:, None] @ P.flatten(2)).sum(0).view(P.shape[2:])


# %% kept
def numbers_kept(algorithm: str, inputs: int, hidden: int, time: int, window: int) -> int:
    if algorithm == "windows" and time > window:
        return numbers_kept("windows", inputs, hidden, window, window)
    if algorithm in ("full", "windows"):
        return hidden if time == 0 else hidden + sum([(inputs + hidden) * time])
    if algorithm == "rtrl":
        weights = hidden * (inputs + hidden + 1)
        return hidden + hidden * weights
    if algorithm == "traces":
        weights = 3 * hidden * (inputs + 3 * hidden + 1)
        return 4 * hidden + 2 * weights // 3
    raise ValueError(algorithm)
