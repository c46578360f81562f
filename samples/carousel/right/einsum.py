"""Right: einsum everywhere, answers written into tensors made in advance."""


# %% naive-carousel
class NaiveCarousel(SequenceLayer[CarouselState]):
    def __init__(self, input_size, hidden_size, self_loop=1.0):
        super().__init__()
        self.self_loop = nn.Parameter(torch.ones(hidden_size) * self_loop)
        self.weight_ih = nn.Parameter(0.1 * (2 * torch.rand(hidden_size, input_size) - 1))

    def initial_state(self, batch):
        return CarouselState(torch.zeros_like(self.self_loop).detach().repeat(batch, 1))

    def step(self, x, state):
        new = torch.einsum("h,bh->bh", self.self_loop, state.s)
        new = new + torch.einsum("hi,bi->bh", self.weight_ih, x)
        return new, CarouselState(s=new)

    def forward(self, x, state=None):
        state = self.initial_state(x.shape[0]) if state is None else state
        y = x.new_empty(*x.shape[:2], len(self.self_loop))
        for t in range(x.shape[1]):
            out, state = self.step(x[:, t], state)
            y[:, t] = out
        return y, state


# %% carousel-gradients
def carousel_gradients(x, s0, s, self_loop, weight_ih, grad_s):
    e = torch.empty_like(grad_s)
    later = torch.zeros_like(s0)
    for t in reversed(range(s.shape[1])):
        e[:, t] = grad_s[:, t] + torch.einsum("h,bh->bh", self_loop, later)
        later = e[:, t]
    dw = torch.einsum("bh,bh->h", e[:, 0], s0)
    if s.shape[1] > 1:
        dw = dw + torch.einsum("bth,bth->h", e[:, 1:], s[:, :-1])
    return CarouselGradients(
        torch.einsum("bth,hi->bti", e, weight_ih),
        torch.einsum("h,bh->bh", self_loop, e[:, 0]),
        dw,
        torch.einsum("bth,bti->hi", e, x),
    )


# %% error-left
def error_left(self_loop, lags):
    left = torch.empty(len(self_loop), len(lags), dtype=self_loop.dtype)
    for j, lag in enumerate(lags):
        left[:, j] = torch.abs(self_loop) ** int(lag)
    return left


# %% longest-lag
def longest_lag(self_loop, keep):
    if not (keep > 0 and keep <= 1):
        raise ValueError("keep must be above 0 and at most 1")
    steps = torch.full_like(self_loop, math.inf)
    inside = self_loop.abs() < 1
    steps[inside] = (math.log10(keep) / torch.log10(self_loop[inside].abs())).floor()
    return steps


# %% weight-conflict
def weight_conflict(updates):
    total = torch.einsum("t...->...", updates).abs()
    asked = torch.einsum("t...->...", updates.abs())
    return torch.nan_to_num(1 - total / asked, nan=0.0)


# %% conflicts
def conflicts(x, s, self_loop, weight_out, target):
    d = torch.einsum("oh,th->to", weight_out, s) - target
    e = torch.einsum("oh,to->th", weight_out, d)
    for t in range(len(s) - 2, -1, -1):
        e[t] += self_loop * e[t + 1]
    u_w, u_v = torch.einsum("th,ti->thi", e, x), torch.einsum("to,th->toh", d, s)
    return Conflicts(input=weight_conflict(u_w), output=weight_conflict(u_v))


# %% memory-blocks
class MemoryBlocks(SequenceLayer[MemoryState]):
    def __init__(self, input_size, blocks, block_size=1):
        super().__init__()
        self.blocks, self.block_size = blocks, block_size
        self.units = blocks * (block_size + 2)
        for name, shape in {
            "bias": (self.units,),
            "weight_hh": (self.units, self.units),
            "weight_ih": (self.units, input_size),
        }.items():
            setattr(self, name, nn.Parameter(torch.empty(shape).uniform_(-0.1, 0.1)))

    def initial_state(self, batch):
        s = self.bias.new_zeros(batch, self.blocks * self.block_size)
        return MemoryState(s, self.bias.new_zeros(batch, self.units))

    def step(self, x, state):
        J, V = self.blocks, self.block_size
        net = torch.einsum("ui,bi->bu", self.weight_ih, x) + self.bias
        net = net + torch.einsum("uk,bk->bu", self.weight_hh, state.y)
        gates = torch.sigmoid(net[:, J * V :]).reshape(len(x), 2, J)
        write = 4 * torch.sigmoid(net[:, : J * V].reshape(len(x), J, V)) - 2
        s = state.s.reshape(len(x), J, V) + torch.einsum("bj,bjv->bjv", gates[:, 0], write)
        out = torch.einsum("bj,bjv->bjv", gates[:, 1], 2 * torch.sigmoid(s) - 1)
        out = out.reshape(len(x), J * V)
        return out, MemoryState(s.reshape(len(x), J * V), torch.cat([out, gates.flatten(1)], 1))

    def forward(self, x, state=None):
        return unroll(self, x, state)
