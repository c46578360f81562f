"""Right: straight from the text and its hints, one expression after the other."""


# %% naive-carousel
class NaiveCarousel(SequenceLayer[CarouselState]):
    def __init__(self, input_size: int, hidden_size: int, self_loop: float = 1.0) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        bound = 0.1
        self.weight_ih = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.self_loop = nn.Parameter(torch.full((hidden_size,), float(self_loop)))

    def initial_state(self, batch: int) -> CarouselState:
        return CarouselState(s=self.weight_ih.new_zeros((batch, self.hidden_size)))

    def step(self, x, state):
        s = state.s * self.self_loop
        s = s + x @ self.weight_ih.T
        return s, CarouselState(s=s)

    def forward(self, x, state=None):
        return unroll(self, x, state)


# %% carousel-gradients
def carousel_gradients(x, s0, s, self_loop, weight_ih, grad_s):
    T = s.shape[1]
    e_later = torch.zeros_like(s0)
    dx, dw, dW = torch.zeros_like(x), torch.zeros_like(self_loop), torch.zeros_like(weight_ih)
    for t in range(T - 1, -1, -1):
        e = grad_s[:, t] + self_loop * e_later
        s_before = s[:, t - 1] if t > 0 else s0
        dx[:, t] = e @ weight_ih
        dw += (e * s_before).sum(dim=0)
        dW += e.T @ x[:, t]
        e_later = e
    return CarouselGradients(dx, self_loop * e_later, dw, dW)


# %% error-left
def error_left(self_loop, lags):
    w = self_loop.unsqueeze(1)
    return (w**lags).abs()


# %% longest-lag
def longest_lag(self_loop, keep):
    if not keep > 0 or keep > 1:
        raise ValueError("keep must be above 0 and at most 1")
    log_w = torch.log(self_loop.abs())
    limit = torch.floor(torch.log(torch.tensor(keep, dtype=self_loop.dtype)) / log_w)
    return torch.where(self_loop.abs() >= 1, math.inf, limit)


# %% weight-conflict
def weight_conflict(updates):
    asked = torch.abs(updates).sum(dim=0)
    result = 1 - torch.abs(torch.sum(updates, dim=0)) / asked
    result[asked == 0] = 0.0
    return result


# %% conflicts
def conflicts(x, s, self_loop, weight_out, target):
    time = x.shape[0]
    d = s @ weight_out.T - target
    e_later = torch.zeros_like(s[0])
    asked_w, asked_v = [], []
    for t in reversed(range(time)):
        e = d[t] @ weight_out + self_loop * e_later
        asked_w.append(e.unsqueeze(1) * x[t])
        asked_v.append(d[t].unsqueeze(1) * s[t])
        e_later = e
    return Conflicts(
        input=weight_conflict(torch.stack(asked_w)), output=weight_conflict(torch.stack(asked_v))
    )


# %% memory-blocks
class MemoryBlocks(SequenceLayer[MemoryState]):
    def __init__(self, input_size: int, blocks: int, block_size: int = 1) -> None:
        super().__init__()
        self.input_size, self.blocks, self.block_size = input_size, blocks, block_size
        self.cells = blocks * block_size
        self.units = self.cells + 2 * blocks
        self.weight_ih = nn.Parameter(torch.empty(self.units, input_size).uniform_(-0.1, 0.1))
        self.weight_hh = nn.Parameter(torch.empty(self.units, self.units).uniform_(-0.1, 0.1))
        self.bias = nn.Parameter(torch.empty(self.units).uniform_(-0.1, 0.1))

    def initial_state(self, batch):
        s = torch.zeros(batch, self.cells, dtype=self.bias.dtype, device=self.bias.device)
        y = torch.zeros(batch, self.units, dtype=self.bias.dtype, device=self.bias.device)
        return MemoryState(s, y)

    def step(self, x, state):
        check_token("x", x, self.input_size, like=self.weight_ih)
        net = x @ self.weight_ih.T + state.y @ self.weight_hh.T + self.bias
        cells, into, out = net.split([self.cells, self.blocks, self.blocks], dim=1)
        into, out = torch.sigmoid(into), torch.sigmoid(out)
        g = 4 * torch.sigmoid(cells) - 2
        s = state.s + into.repeat_interleave(self.block_size, dim=1) * g
        h = 2 * torch.sigmoid(s) - 1
        yc = out.repeat_interleave(self.block_size, dim=1) * h
        return yc, MemoryState(s, torch.cat([yc, into, out], dim=1))

    def forward(self, x, state=None):
        check_sequence("x", x, self.input_size, like=self.weight_ih)
        return unroll(self, x, state)
