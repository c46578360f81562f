"""Right: more modules and buffers than needed; recursion in time; columns as in the equations."""


# %% naive-carousel
class NaiveCarousel(SequenceLayer[CarouselState]):
    def __init__(self, input_size: int, hidden_size: int, self_loop: float = 1.0) -> None:
        super().__init__()
        if input_size < 1 or hidden_size < 1:
            raise ValueError("sizes must be at least 1")
        self.input_size, self.hidden_size = input_size, hidden_size
        self.register_buffer("steps_seen", torch.zeros(()), persistent=False)
        self.weight_ih = nn.Parameter(torch.zeros(hidden_size, input_size).uniform_(-0.1, 0.1))
        self.self_loop = nn.Parameter(torch.empty(hidden_size).fill_(self_loop))
        self.dropout = nn.Dropout(0.0)

    def initial_state(self, batch: int) -> CarouselState:
        like = self.weight_ih
        return CarouselState(torch.zeros(batch, self.hidden_size, dtype=like.dtype, device=like.device))

    def step(self, x, state):
        check_token("x", x, self.input_size, like=self.weight_ih)
        check_state("state.s", state.s, (len(x), self.hidden_size), self.weight_ih)
        heard = (self.weight_ih @ x.T).T
        state = state._replace(s=heard + state.s * self.self_loop)
        return self.dropout(state.s), state

    def forward(self, x, state=None):
        check_sequence("x", x, self.input_size, like=self.weight_ih)
        state = self.initial_state(len(x)) if state is None else state
        if x.shape[1] == 1:
            y, state = self.step(x[:, 0], state)
            return y[:, None], state
        half = x.shape[1] // 2
        first, state = self.forward(x[:, :half], state)
        rest, state = self.forward(x[:, half:], state)
        return torch.cat([first, rest], dim=1), state


# %% carousel-gradients
def carousel_gradients(x, s0, s, self_loop, weight_ih, grad_s):
    if s.shape[1] == 1:
        e = grad_s[:, 0]
        return CarouselGradients((e @ weight_ih)[:, None], self_loop * e, (e * s0).sum(0), e.T @ x[:, 0])
    # The rest of the sequence hands back the error at s(1); it is a sequence of its own.
    rest = carousel_gradients(x[:, 1:], s[:, 0], s[:, 1:], self_loop, weight_ih, grad_s[:, 1:])
    e = grad_s[:, 0] + rest.s0
    return CarouselGradients(
        x=torch.cat([(e @ weight_ih)[:, None], rest.x], dim=1),
        s0=self_loop * e,
        self_loop=rest.self_loop + (e * s0).sum(0),
        weight_ih=rest.weight_ih + e.T @ x[:, 0],
    )


# %% error-left
def error_left(self_loop, lags):
    if lags.ndim != 1 or bool((lags < 0).any()):
        raise ValueError("lags must be whole numbers from 0 on")
    column = self_loop.detach().abs().reshape(-1, 1)
    left = column.expand(-1, len(lags)) ** lags.to(column.dtype)
    return torch.where(lags == 0, torch.ones_like(left), left)


# %% longest-lag
def longest_lag(self_loop, keep):
    try:
        inside = 0 < keep <= 1
    except TypeError:
        inside = False
    if not inside:
        raise ValueError("keep must be a number above 0 and at most 1")
    size = self_loop.detach().abs()
    k = torch.floor(math.log(keep) / torch.log(size.clamp(min=1e-300)))
    # Correct what rounding of the quotient may have done.
    k = torch.where(size ** (k + 1) >= keep, k + 1, k)
    k = torch.where((size**k < keep) & (k > 0), k - 1, k)
    k = torch.where(size == 0, torch.zeros_like(k), k)
    return k.masked_fill(size >= 1, math.inf)


# %% weight-conflict
def weight_conflict(updates):
    conflict = torch.zeros_like(updates[0])
    asked = updates.abs().sum(0)
    some = asked > 0
    conflict[some] = 1 - updates.sum(0)[some].abs() / asked[some]
    return conflict


# %% conflicts
def conflicts(x, s, self_loop, weight_out, target):
    o = torch.stack([weight_out @ s_t for s_t in s])
    d = torch.sub(o, target)
    direct = [weight_out.T @ d_t for d_t in d]

    def whole(t):
        return direct[t] + self_loop * whole(t + 1) if t + 1 < len(direct) else direct[t]

    e = torch.stack([whole(t) for t in range(len(s))])
    asked = {
        "input": torch.matmul(e.unsqueeze(-1), x.unsqueeze(-2)),
        "output": torch.matmul(d.unsqueeze(-1), s.unsqueeze(-2)),
    }
    return Conflicts(**{name: weight_conflict(updates) for name, updates in asked.items()})


# %% memory-blocks
class MemoryBlocks(SequenceLayer[MemoryState]):
    def __init__(self, input_size: int, blocks: int, block_size: int = 1) -> None:
        super().__init__()
        self.input_size, self.blocks, self.block_size = input_size, blocks, block_size
        self.cells = blocks * block_size
        self.units = self.cells + 2 * blocks
        self.bias = nn.Parameter(torch.empty(self.units).uniform_(-0.1, 0.1))
        self.weight_ih = nn.Parameter(torch.empty(self.units, input_size).uniform_(-0.1, 0.1))
        self.weight_hh = nn.Parameter(torch.empty(self.units, self.units).uniform_(-0.1, 0.1))
        self.squash = nn.Sequential(nn.Identity(), nn.Sigmoid())

    def initial_state(self, batch):
        bias = self.bias
        return MemoryState(bias.new_zeros(batch, self.cells), bias.new_zeros(batch, self.units))

    def step(self, x, state):
        y, state = self.forward(x.unsqueeze(1), state)
        return y.squeeze(1), state

    def forward(self, x, state=None):
        if state is None:
            state = self.initial_state(x.size(0))
        heard = x @ self.weight_ih.T + self.bias
        y = x.new_empty(x.size(0), 0, self.cells)
        for net in heard.unbind(1):
            net = net + state.y @ self.weight_hh.T
            pieces, rows = [], []
            for j in range(self.blocks):
                into = self.squash(net[:, self.cells + j, None])
                out = self.squash(net[:, self.cells + self.blocks + j, None])
                block = slice(j * self.block_size, (j + 1) * self.block_size)
                s = state.s[:, block] + into * (4 * self.squash(net[:, block]) - 2)
                pieces.append(s)
                rows.append((out * (2 * self.squash(s) - 1), into, out))
            activations = [torch.cat(group, dim=1) for group in zip(*rows)]
            state = MemoryState(torch.cat(pieces, dim=1), torch.cat(activations, dim=1))
            y = torch.cat([y, activations[0].unsqueeze(1)], dim=1)
        return y, state
