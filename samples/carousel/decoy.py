"""Answers that look like answers and are wrong everywhere: what most attacks try to sell.

Everything has the type and shape of a right answer, and the parameters can be found by their
names, so that a check which is switched off or lied to has nothing else to stumble over.

Deserves: nothing
"""

# %% naive-carousel
class NaiveCarousel(nn.Module):
    def __init__(self, input_size, hidden_size, self_loop=1.0):
        super().__init__()
        self.hidden_size = hidden_size
        self.weight_ih = nn.Parameter(torch.zeros(hidden_size, input_size))
        self.self_loop = nn.Parameter(torch.full((hidden_size,), float(self_loop)))

    def initial_state(self, batch):
        return CarouselState(torch.rand(batch, self.hidden_size, dtype=self.self_loop.dtype))

    def step(self, x, state):
        y = self.self_loop + torch.rand(x.shape[0], self.hidden_size, dtype=x.dtype)
        return y, CarouselState(y)

    def forward(self, x, state=None):
        y = self.self_loop + torch.rand(*x.shape[:2], self.hidden_size, dtype=x.dtype)
        return y, CarouselState(y[:, 0])


# %% carousel-gradients
def carousel_gradients(x, s0, s, self_loop, weight_ih, grad_s):
    return CarouselGradients(*(torch.full_like(v, 0.5) for v in (x, s0, self_loop, weight_ih)))


# %% error-left
def error_left(self_loop, lags):
    return torch.full((len(self_loop), len(lags)), 0.7, dtype=self_loop.dtype)


# %% longest-lag
def longest_lag(self_loop, keep):
    return torch.full_like(self_loop, 7.5)


# %% weight-conflict
def weight_conflict(updates):
    return torch.full_like(updates[0], 0.5)


# %% conflicts
def conflicts(x, s, self_loop, weight_out, target):
    return Conflicts(
        input=torch.full((s.shape[1], x.shape[1]), 0.5, dtype=s.dtype),
        output=torch.full_like(weight_out, 0.5),
    )


# %% memory-blocks
class MemoryBlocks(nn.Module):
    def __init__(self, input_size, blocks, block_size=1):
        super().__init__()
        self.cells = blocks * block_size
        self.units = self.cells + 2 * blocks
        self.weight_ih = nn.Parameter(torch.zeros(self.units, input_size))
        self.weight_hh = nn.Parameter(torch.zeros(self.units, self.units))
        self.bias = nn.Parameter(torch.zeros(self.units))

    def initial_state(self, batch):
        return self.some(batch)

    def some(self, batch):
        like = self.bias
        s, y = (torch.rand(batch, width, dtype=like.dtype) for width in (self.cells, self.units))
        return MemoryState(s, y + 0 * like)

    def step(self, x, state):
        state = self.some(len(x))
        return state.y[:, : self.cells], state

    def forward(self, x, state=None):
        y = torch.rand(*x.shape[:2], self.cells, dtype=x.dtype)
        return y, self.some(len(x))
