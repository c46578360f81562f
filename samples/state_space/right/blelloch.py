"""Right: up and down a tree in place, padded to a power of two; loops where one can be."""


# %% zero-order-hold
def zero_order_hold(A, B, step):
    # Halve the step until a few terms of the series do, then double: works without an inverse.
    doublings = 20
    small = step / 2**doublings
    eye = torch.eye(A.shape[0], dtype=A.dtype)
    less = small * A
    square = less @ less
    cube = square @ less
    rest = less + square / 2 + cube / 6 + square @ square / 24  # the exponential without I
    hold = small * (eye + less / 2 + square / 6 + cube / 24) @ B
    for _ in range(doublings):
        hold = 2 * hold + rest @ hold
        rest = 2 * rest + rest @ rest
    return rest + eye, hold


# %% diagonal-hold
def diagonal_hold(A, step):
    x = step * A
    zero = A == 0
    one = torch.ones_like(A)
    return torch.exp(x), torch.where(
        zero, step * (one + x / 2), torch.expm1(x) / torch.where(zero, one, A)
    )


# %% recurrent
def recurrent(system, x, h):
    A, B, C, D = system
    y = torch.zeros_like(x)
    columns = []
    for t in range(x.shape[1]):
        h = A * h + B * x[:, t].unsqueeze(-1)
        row = D * x[:, t]
        for n in range(A.shape[1]):
            product = C[:, n] * h[:, :, n]
            row = row + product.real + product.conj().real
        columns.append(row)
    return y + torch.stack(columns, dim=1), h


# %% kernel
def kernel(system, time):
    A, B, C, _ = system
    state, found = B, []
    for _ in range(time):
        found.append(2 * (C * state).sum(1).real)
        state = A * state
    return torch.stack(found, dim=1)


# %% causal-convolution
def causal_convolution(x, kernel):
    columns = []
    for t in range(x.shape[1]):
        total = torch.zeros_like(x[:, 0])
        for s in range(t + 1):
            total = total + kernel[:, s] * x[:, t - s]
        columns.append(total)
    return torch.stack(columns, dim=1)


# %% convolved
def convolved(system, x, h):
    A, B, C, D = system
    y = causal_convolution(x, kernel(system, x.shape[1]))
    left, rows = h, []
    for _ in range(x.shape[1]):
        left = A * left
        rows.append(2 * (C * left).sum(-1).real)
    last = left
    for t in range(x.shape[1]):
        grown = B
        for _ in range(x.shape[1] - 1 - t):
            grown = grown * A
        last = last + grown * x[:, t].unsqueeze(-1)
    return y + torch.stack(rows, dim=1) + D * x, last


# %% tree-scan
def tree_scan(a, b, h0):
    batch, time, dim = a.shape
    size = 1
    while size < time:
        size *= 2
    up_a, up_b = a.new_ones(batch, size, dim), a.new_zeros(batch, size, dim)
    up_a[:, :time], up_b[:, :time] = a, b
    reach = 1
    while reach < size:  # up: every second of a round stands for both
        left, right = slice(reach - 1, None, 2 * reach), slice(2 * reach - 1, None, 2 * reach)
        up_b[:, right] = up_a[:, right] * up_b[:, left] + up_b[:, right]
        up_a[:, right] = up_a[:, right] * up_a[:, left]
        reach *= 2
    up_a[:, -1], up_b[:, -1] = 1.0, 0.0
    while reach > 1:  # down: what came before each
        reach //= 2
        left, right = slice(reach - 1, None, 2 * reach), slice(2 * reach - 1, None, 2 * reach)
        left_a, left_b = up_a[:, left].clone(), up_b[:, left].clone()
        up_a[:, left], up_b[:, left] = up_a[:, right], up_b[:, right]
        up_b[:, right] = left_a * up_b[:, right] + left_b
        up_a[:, right] = left_a * up_a[:, right]
    before = up_a[:, :time] * h0.unsqueeze(1) + up_b[:, :time]
    return a * before + b


# %% tree-scan-gradients
def tree_scan_gradients(a, h, h0, error):
    factors = torch.ones_like(a)
    factors[:, 1:] = a.flip(1)[:, :-1]
    e = tree_scan(factors, error.flip(1), torch.zeros_like(h0)).flip(1)
    by_a = e.clone()
    by_a[:, 0] *= h0
    by_a[:, 1:] *= h[:, :-1]
    return ScanGradients(by_a, e, e[:, 0] * a[:, 0])


# %% selective-block
class SelectiveBlock(SequenceLayer):
    def __init__(self, d_model, states, expand=2, width=4, rank=1):
        super().__init__()
        inner = expand * d_model
        self.width, self.rank, self.states, self.inner = width, rank, states, inner
        self.inputs = nn.Linear(d_model, 2 * inner, bias=False)
        self.conv_weight = nn.Parameter(torch.rand(width, inner) - 0.5)
        self.conv_bias = nn.Parameter(torch.zeros(inner))
        self.select = nn.Linear(inner, rank + 2 * states, bias=False)
        self.step_size = nn.Linear(rank, inner)
        self.log_A = nn.Parameter((torch.arange(states) + 1.0).log().repeat(inner, 1))
        self.D = nn.Parameter(torch.ones(inner))
        self.out = nn.Linear(inner, d_model, bias=False)

    def initial_state(self, batch):
        like = self.select.weight
        return SelectiveState(
            like.new_zeros(batch, self.width - 1, self.inner),
            like.new_zeros(batch, self.inner, self.states),
        )

    def system(self, u):
        r, rest = self.select(u).split([self.rank, 2 * self.states], dim=-1)
        B, C = rest.chunk(2, dim=-1)
        return torch.log1p(torch.exp(self.step_size(r))), B, C

    def step(self, x, state):
        u, z = self.inputs(x).chunk(2, dim=-1)
        net = self.conv_bias + self.conv_weight[-1] * u
        for j in range(self.width - 1):
            net = net + self.conv_weight[j] * state.tail[:, j]
        tail = torch.cat([state.tail, u.unsqueeze(1)], dim=1)[:, 1:]
        u = net * torch.sigmoid(net)
        delta, B, C = self.system(u)
        columns, y = [], self.D * u
        for n in range(self.states):
            decay = torch.exp(-delta * self.log_A[:, n].exp())
            column = decay * state.h[:, :, n] + delta * u * B[:, n : n + 1]
            y = y + column * C[:, n : n + 1]
            columns.append(column)
        out = self.out(y * z * torch.sigmoid(z))
        return out, SelectiveState(tail, torch.stack(columns, dim=-1))

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for x_t in x.unbind(1):
            y, state = self.step(x_t, state)
            outputs.append(y)
        return torch.stack(outputs, dim=1), state


# %% recurrent-layer
class Recurrent(MinGRUParts):
    def step(self, x, state):
        y, state = self.forward(x.unsqueeze(1), state)
        return y.squeeze(1), state

    def forward(self, x, state=None):
        h = self.initial_state(len(x)).h if state is None else state.h
        gates, candidates = torch.sigmoid(self.update(x)), self.candidate(x)
        rows = []
        for t in range(x.shape[1]):
            h = h + gates[:, t] * (candidates[:, t] - h)
            rows.append(h)
        return torch.stack(rows, dim=1), VectorState(h)
