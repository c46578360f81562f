"""Right: helper functions, F.linear, generators; hyperbolic tangents for g and h."""

# %% naive-carousel
import torch.nn.functional as F


def carousel_step(x, s, w, W):
    return torch.addcmul(F.linear(x, W), w, s)


class NaiveCarousel(nn.Module):
    def __init__(self, input_size, hidden_size, self_loop=1.0):
        super().__init__()
        self.weight_ih = nn.Parameter(nn.init.uniform_(torch.empty(hidden_size, input_size), -0.1, 0.1))
        self.self_loop = nn.Parameter(nn.init.constant_(torch.empty(hidden_size), self_loop))

    def initial_state(self, batch):
        return CarouselState(self.self_loop.new_zeros((batch, self.self_loop.numel())))

    def step(self, x, state):
        s = carousel_step(x, state.s, self.self_loop, self.weight_ih)
        return s, CarouselState(s)

    def trajectory(self, x, state):
        for x_t in x.unbind(1):
            _, state = self.step(x_t, state)
            yield state

    def forward(self, x, state=None):
        state = state or self.initial_state(x.size(0))
        states = list(self.trajectory(x, state))
        return torch.stack([state.s for state in states], 1), states[-1]


# %% carousel-gradients
def errors(grads, w):
    """e(T), e(T-1), ..., e(1)"""
    e = torch.zeros_like(grads[0])
    for grad in reversed(grads):
        e = torch.addcmul(grad, w, e)
        yield e


def carousel_gradients(x, s0, s, self_loop, weight_ih, grad_s):
    e = torch.stack(list(errors(grad_s.unbind(1), self_loop)), 1).flip(1)
    before = torch.stack((s0, *s.unbind(1)[:-1]), 1)
    return CarouselGradients(
        x=F.linear(e, weight_ih.T),
        s0=self_loop * e.select(1, 0),
        self_loop=torch.mul(e, before).flatten(0, 1).sum(0),
        weight_ih=e.flatten(0, 1).T @ x.flatten(0, 1),
    )


# %% error-left
def error_left(self_loop, lags):
    return torch.pow(self_loop.abs()[:, None], lags[None, :])


# %% longest-lag
def share(size, k):
    return size**k


def longest_lag(self_loop, keep):
    """By bisection on whole numbers: no logarithm, so no rounding at the edge."""
    if keep != keep or not 0 < keep <= 1:
        raise ValueError(f"keep must lie in (0, 1], got {keep}")
    found = []
    for size in self_loop.abs().double().tolist():
        if size >= 1:
            found.append(math.inf)
            continue
        low, high = 0, 1
        while share(size, high) >= keep:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if share(size, middle) >= keep else (low, middle)
        found.append(float(low))
    return self_loop.new_tensor(found)


# %% weight-conflict
def weight_conflict(updates):
    up, down = F.relu(updates).sum(0), F.relu(-updates).sum(0)
    both = up + down
    safe = torch.where(both == 0, torch.ones_like(both), both)
    return 2 * torch.minimum(up, down) / safe


# %% conflicts
def outer(a, b):
    return a[:, :, None] * b[:, None, :]


def back(direct, w):
    e = torch.zeros_like(direct[0])
    for row in reversed(direct.unbind(0)):
        e = row + w * e
        yield e


def conflicts(x, s, self_loop, weight_out, target):
    d = F.linear(s, weight_out) - target
    e = torch.stack(list(back(F.linear(d, weight_out.T), self_loop))).flip(0)
    return Conflicts(weight_conflict(outer(e, x)), weight_conflict(outer(d, s)))


# %% memory-blocks
def squashed(a, reach):
    """A sigmoid from -reach to reach."""
    return reach * torch.tanh(a / 2)


class MemoryBlocks(nn.Module):
    def __init__(self, input_size, blocks, block_size=1):
        super().__init__()
        self.sizes = [blocks * block_size, blocks, blocks]
        self.block_size = block_size
        units = sum(self.sizes)
        self.weight_ih = nn.Parameter(nn.init.uniform_(torch.empty(units, input_size), -0.1, 0.1))
        self.weight_hh = nn.Parameter(nn.init.uniform_(torch.empty(units, units), -0.1, 0.1))
        self.bias = nn.Parameter(nn.init.uniform_(torch.empty(units), -0.1, 0.1))

    def initial_state(self, batch):
        zero = self.bias.new_zeros
        return MemoryState(zero(batch, self.sizes[0]), zero(batch, sum(self.sizes)))

    def step(self, x, state):
        net = F.linear(x, self.weight_ih, self.bias) + F.linear(state.y, self.weight_hh)
        cell, to_in, to_out = torch.split(net, self.sizes, dim=-1)
        gate_in, gate_out = F.sigmoid(to_in), F.sigmoid(to_out)
        wide_in, wide_out = (
            gate.unsqueeze(-1).expand(-1, -1, self.block_size).flatten(1) for gate in (gate_in, gate_out)
        )
        s = torch.addcmul(state.s, wide_in, squashed(cell, 2))
        yc = wide_out * squashed(s, 1)
        return yc, MemoryState(s, torch.hstack([yc, gate_in, gate_out]))

    def forward(self, x, state=None):
        state = state or self.initial_state(x.size(0))
        outputs = []
        for x_t in x.unbind(1):
            y, state = self.step(x_t, state)
            outputs.append(y)
        return torch.stack(outputs, 1), state
