"""Right: no loop over time where a matrix of powers does; one product for input and feedback."""


# %% naive-carousel
def powers(w, time):
    """w^(t-u) for u <= t, 0 above: (hidden, time, time)"""
    t = torch.arange(time)
    lag = (t[:, None] - t[None, :]).clamp(min=0)
    return torch.where(t[:, None] >= t[None, :], w[:, None, None] ** lag, torch.zeros(()).to(w))


class NaiveCarousel(SequenceLayer[CarouselState]):
    def __init__(self, input_size, hidden_size, self_loop=1.0):
        super().__init__()
        self.weight_ih = nn.Parameter((torch.rand(hidden_size, input_size) - 0.5) / 5)
        self.self_loop = nn.Parameter(torch.full((hidden_size,), self_loop, dtype=torch.float32))

    def initial_state(self, batch):
        return CarouselState(self.weight_ih.new_zeros(batch, self.weight_ih.shape[0]))

    def step(self, x, state):
        y, state = self.forward(x.unsqueeze(1), state)
        return y.squeeze(1), state

    def forward(self, x, state=None):
        check_sequence("x", x)
        state = self.initial_state(x.shape[0]) if state is None else state
        time, w = x.shape[1], self.self_loop
        heard = x @ self.weight_ih.T
        s = torch.einsum("htu,buh->bth", powers(w, time), heard)
        s = s + w ** torch.arange(1, time + 1).unsqueeze(1) * state.s.unsqueeze(1)
        return s, CarouselState(s[:, -1])


# %% carousel-gradients
def carousel_gradients(x, s0, s, self_loop, weight_ih, grad_s):
    t = torch.arange(s.shape[1])
    lag = t[None, :] - t[:, None]  # how much later step u is than t
    passed = torch.where(lag >= 0, self_loop[:, None, None] ** lag.clamp(min=0), torch.zeros(()).to(s))
    e = torch.einsum("htu,buh->bth", passed, grad_s)
    before = torch.roll(s, 1, dims=1)
    before[:, 0] = s0
    return CarouselGradients(
        x=e.matmul(weight_ih),
        s0=e[:, 0] * self_loop,
        self_loop=(e * before).sum(1).sum(0),
        weight_ih=torch.tensordot(e, x, dims=([0, 1], [0, 1])),
    )


# %% error-left
def error_left(self_loop, lags):
    steps = int(lags.max()) + 1 if len(lags) else 1
    factors = self_loop.abs().unsqueeze(1).repeat(1, steps)
    factors[:, 0] = 1
    return factors.cumprod(dim=1)[:, lags]


# %% longest-lag
def longest_lag(self_loop, keep):
    keep = float(keep)
    if not 0.0 < keep <= 1.0:
        raise ValueError(f"keep must be in (0, 1], got {keep}")
    size = self_loop.abs().clamp(max=1)
    steps = math.log2(keep) / torch.log2(size)
    steps = torch.where(size == 1, torch.full_like(steps, math.inf), steps)
    return steps.floor()


# %% weight-conflict
def weight_conflict(updates):
    asked = torch.linalg.vector_norm(updates, ord=1, dim=0)
    granted = updates.sum(0).abs()
    nothing = asked == 0
    return ((asked - granted) / (asked + nothing)).masked_fill(nothing, 0)


# %% conflicts
def conflicts(x, s, self_loop, weight_out, target):
    t = torch.arange(len(s))
    lag = t[None, :] - t[:, None]
    d = s @ weight_out.T - target
    passed = (self_loop[:, None, None] ** lag.clamp(min=0)) * (lag >= 0)
    e = torch.einsum("htu,uh->th", passed, d @ weight_out)
    return Conflicts(
        input=weight_conflict(e.unsqueeze(2) * x.unsqueeze(1)),
        output=weight_conflict(d.unsqueeze(2) * s.unsqueeze(1)),
    )


# %% memory-blocks
class MemoryBlocks(SequenceLayer[MemoryState]):
    def __init__(self, input_size, blocks, block_size=1):
        super().__init__()
        self.cells, self.units = blocks * block_size, blocks * (block_size + 2)
        draw = torch.distributions.Uniform(-0.1, 0.1).sample
        self.weight_ih = nn.Parameter(draw((self.units, input_size)))
        self.weight_hh = nn.Parameter(draw((self.units, self.units)))
        self.bias = nn.Parameter(draw((self.units,)))
        member = torch.eye(blocks).repeat_interleave(block_size, dim=1)  # (blocks, cells)
        self.register_buffer("member", member, persistent=False)

    def initial_state(self, batch):
        zeros = torch.zeros(batch, self.cells + self.units).to(self.bias)
        return MemoryState(*zeros.split([self.cells, self.units], dim=1))

    def advance(self, x, state, both):
        net = torch.cat([x, state.y], dim=1) @ both.T + self.bias
        gates = torch.sigmoid(net[:, self.cells :])
        into, out = (gate @ self.member for gate in gates.chunk(2, dim=1))
        s = state.s + into * 2 * torch.tanh(net[:, : self.cells] / 2)
        yc = out * torch.tanh(s / 2)
        return MemoryState(s, torch.cat([yc, gates], dim=1))

    def step(self, x, state):
        both = torch.cat([self.weight_ih, self.weight_hh], dim=1)
        state = self.advance(x, state, both)
        return state.y[:, : self.cells], state

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        both = torch.cat([self.weight_ih, self.weight_hh], dim=1)
        outputs = []
        for x_t in x.unbind(dim=1):
            state = self.advance(x_t, state, both)
            outputs.append(state.y[:, : self.cells])
        return torch.stack(outputs, dim=1), state
