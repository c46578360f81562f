"""Right but slow: one sequence, one unit, one number at a time, as the equations stand."""


# %% naive-carousel
class NaiveCarousel(nn.Module):
    def __init__(self, input_size: int, hidden_size: int, self_loop: float = 1.0):
        super().__init__()
        draw = torch.distributions.Uniform(-0.1, 0.1).sample
        self.weight_ih = nn.Parameter(draw((hidden_size, input_size)))
        self.self_loop = nn.Parameter(torch.tensor([float(self_loop)] * hidden_size))

    def initial_state(self, batch):
        return CarouselState(torch.zeros(batch, len(self.self_loop)).to(self.self_loop))

    def step(self, x, state):
        rows = []
        for x_t, s in zip(x, state.s, strict=True):
            rows.append(torch.stack([w * s_i + row @ x_t for w, s_i, row in zip(self.self_loop, s, self.weight_ih)]))
        s = torch.stack(rows)
        return s, CarouselState(s)

    def forward(self, x, state=None):
        outputs = []
        if state is None:
            state = self.initial_state(len(x))
        for t in range(x.shape[1]):
            y, state = self.step(x[:, t], state)
            outputs.append(y)
        return torch.stack(outputs, dim=1), state


# %% carousel-gradients
def carousel_gradients(x, s0, s, self_loop, weight_ih, grad_s):
    batch, time, hidden = s.shape
    dx, dw, dW, ds0 = (torch.zeros_like(v) for v in (x, self_loop, weight_ih, s0))
    for b in range(batch):
        for i in range(hidden):
            e = 0.0
            for t in range(time - 1, -1, -1):
                e = grad_s[b, t, i] + self_loop[i] * e
                before = s[b, t - 1, i] if t > 0 else s0[b, i]
                dw[i] += e * before
                dW[i] += e * x[b, t]
                dx[b, t] += e * weight_ih[i]
            ds0[b, i] = self_loop[i] * e
    return CarouselGradients(dx, ds0, dw, dW)


# %% error-left
def error_left(self_loop, lags):
    rows = []
    for w in self_loop:
        row = []
        for k in lags.tolist():
            left = torch.ones_like(w)
            for _ in range(k):
                left = left * abs(w)
            row.append(left)
        rows.append(torch.stack(row))
    return torch.stack(rows)


# %% longest-lag
def longest_lag(self_loop, keep):
    if math.isnan(keep) or keep <= 0 or keep > 1:
        raise ValueError(f"keep is a share above 0, got {keep}")
    found = []
    for w in self_loop.abs().tolist():
        if w >= 1:
            found.append(math.inf)
            continue
        steps, left = 0, w
        while left >= keep:
            steps, left = steps + 1, left * w
        found.append(float(steps))
    return torch.tensor(found, dtype=self_loop.dtype)


# %% weight-conflict
def weight_conflict(updates):
    shape = updates.shape[1:]
    columns = updates.reshape(len(updates), -1).T
    found = []
    for u in columns:
        up = sum((v for v in u if v > 0), torch.zeros_like(u[0]))
        down = sum((-v for v in u if v < 0), torch.zeros_like(u[0]))
        total = up + down
        found.append(1 - abs(up - down) / total if total > 0 else torch.zeros_like(total))
    return torch.stack(found).reshape(shape)


# %% conflicts
def conflicts(x, s, self_loop, weight_out, target):
    time, hidden = s.shape
    d = [weight_out @ s[t] - target[t] for t in range(time)]
    e = [None] * time
    for t in range(time - 1, -1, -1):
        later = e[t + 1] if t + 1 < time else torch.zeros(hidden, dtype=s.dtype)
        e[t] = weight_out.T @ d[t] + self_loop * later
    asked_of_w = torch.stack([torch.outer(e[t], x[t]) for t in range(time)])
    asked_of_v = torch.stack([torch.outer(d[t], s[t]) for t in range(time)])
    return Conflicts(weight_conflict(asked_of_w), weight_conflict(asked_of_v))


# %% memory-blocks
class MemoryBlocks(nn.Module):
    def __init__(self, input_size, blocks, block_size=1):
        super().__init__()
        self.blocks, self.block_size = blocks, block_size
        self.cells, self.units = blocks * block_size, blocks * block_size + 2 * blocks
        for name, shape in {"weight_ih": (self.units, input_size), "weight_hh": (self.units, self.units), "bias": (self.units,)}.items():
            self.register_parameter(name, nn.Parameter(0.2 * torch.rand(shape) - 0.1))

    def initial_state(self, batch):
        s = torch.zeros(batch, self.cells, dtype=self.bias.dtype)
        return MemoryState(s=s, y=torch.zeros(batch, self.units, dtype=self.bias.dtype))

    def step(self, x, state):
        def f(a):
            return 1 / (1 + torch.exp(-a))

        all_s, all_y = [], []
        for x_t, s_before, y_before in zip(x, state.s, state.y):
            net = self.weight_ih @ x_t + self.weight_hh @ y_before + self.bias
            s, yc, gates_in, gates_out = [], [], [], []
            for j in range(self.blocks):
                gates_in.append(f(net[self.cells + j]))
                gates_out.append(f(net[self.cells + self.blocks + j]))
                for v in range(self.block_size):
                    c = j * self.block_size + v
                    s.append(s_before[c] + gates_in[j] * (4 * f(net[c]) - 2))
                    yc.append(gates_out[j] * (2 * f(s[-1]) - 1))
            all_s.append(torch.stack(s))
            all_y.append(torch.stack(yc + gates_in + gates_out))
        y = torch.stack(all_y)
        return y[:, : self.cells], MemoryState(torch.stack(all_s), y)

    def forward(self, x, state=None):
        outputs = []
        if state is None:
            state = self.initial_state(len(x))
        for t in range(x.shape[1]):
            y, state = self.step(x[:, t], state)
            outputs.append(y)
        return torch.stack(outputs, dim=1), state
