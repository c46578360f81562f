"""Right: a tree of odds and evens; pieces in helper functions; the student's own scan in layers."""


# %% zero-order-hold
def zero_order_hold(A, B, step):
    def exponential_and_more(whole):
        return torch.linalg.matrix_exp(whole)

    n, m = B.shape
    lower = B.new_zeros((m, n + m))
    top = torch.hstack([step * A, step * B])
    found = exponential_and_more(torch.vstack([top, lower]))
    Abar, Bbar = found[:n].split([n, m], dim=1)
    return Abar, Bbar


# %% diagonal-hold
def growth(x):
    """(exp(x) - 1) / x."""
    small = x.abs() < 1e-4
    series = 1 + x / 2 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5)))
    safe = torch.where(small, torch.ones_like(x), x)
    return torch.where(small, series, (torch.exp(safe) - 1) / safe)


def diagonal_hold(A, step):
    return torch.exp(step * A), step * growth(step * A)


# %% recurrent
def recurrent(system, x, h):
    written = system.B * x.unsqueeze(-1)
    states = sequential_scan(system.A.expand_as(written), written, h)
    return 2 * (system.C * states).sum(-1).real + system.D * x, states[:, -1]


# %% kernel
def kernel(system, time):
    model, states = system.A.shape
    impulse = torch.zeros(1, time, model, dtype=system.D.dtype)
    impulse[:, 0] = 1
    nothing = torch.zeros(1, model, states, dtype=system.A.dtype)
    y, _ = recurrent(system._replace(D=torch.zeros_like(system.D)), impulse, nothing)
    return y[0].T


# %% causal-convolution
def causal_convolution(x, kernel):
    time, dim = x.shape[1:]
    padded = F.pad(x.transpose(1, 2), (time - 1, 0))
    return F.conv1d(padded, kernel.flip(1).unsqueeze(1), groups=dim).transpose(1, 2)


# %% convolved
def convolved(system, x, h):
    time = x.shape[1]
    grown = powers(system.A, time + 1)
    y = causal_convolution(x, kernel(system, time))
    left = h.unsqueeze(-1) * grown
    y = y + 2 * (system.C.unsqueeze(-1) * left[..., 1:]).sum(2).real.mT + system.D * x
    shares = grown[..., :-1].flip(-1) * system.B.unsqueeze(-1)
    return y, left[..., -1] + (shares * x.mT.unsqueeze(2)).sum(-1)


# %% tree-scan
def tree_scan(a, b, h0):
    time = a.shape[1]
    if time == 1:
        return a * h0.unsqueeze(1) + b
    pairs = time // 2
    a0, a1 = a[:, 0 : 2 * pairs : 2], a[:, 1 : 2 * pairs : 2]
    b0, b1 = b[:, 0 : 2 * pairs : 2], b[:, 1 : 2 * pairs : 2]
    seconds = tree_scan(a1 * a0, a1 * b0 + b1, h0)
    before = torch.cat([h0.unsqueeze(1), seconds], dim=1)
    firsts = a[:, 0::2] * before[:, : time - pairs] + b[:, 0::2]
    result = torch.empty_like(b)
    result[:, 0::2], result[:, 1::2] = firsts, seconds
    return result


# %% tree-scan-gradients
def tree_scan_gradients(a, h, h0, error):
    a_next = torch.roll(a, -1, dims=1).clone()
    a_next[:, -1] = 0
    e = tree_scan(a_next.flip(1), error.flip(1), h0).flip(1)
    before = torch.roll(h, 1, dims=1).clone()
    before[:, 0] = h0
    return ScanGradients(before * e, e, (a * e)[:, 0])


# %% selective-block
class Selection(nn.Module):
    def __init__(self, block):
        super().__init__()
        self.sizes = block


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
        zeros = self.D.new_zeros
        tail, h = (batch, self.width - 1, self.inner), (batch, self.inner, self.states)
        return SelectiveState(tail=zeros(tail), h=zeros(h))

    def system(self, u):
        numbers = self.select(u)
        C = numbers[..., -self.states :]
        B = numbers[..., -2 * self.states : -self.states]
        return F.softplus(self.step_size(numbers[..., : self.rank])), B, C

    def step(self, x, state):
        y, state = self.forward(x.unsqueeze(1), state)
        return y.squeeze(1), state

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        u, z = self.inputs(x).chunk(2, dim=2)
        recent = torch.cat([state.tail, u], dim=1)
        conv = F.conv1d(
            recent.mT, self.conv_weight.T.unsqueeze(1), self.conv_bias, groups=self.inner
        )
        u = F.silu(conv).mT
        delta, B, C = self.system(u)
        decay = torch.exp(-delta.unsqueeze(-1) * self.log_A.exp())
        written = (delta * u).unsqueeze(-1) * B.unsqueeze(2)
        flat = [part.flatten(2) for part in (decay, written)]
        h = tree_or_loop(*flat, state.h.flatten(1)).unflatten(2, (self.inner, self.states))
        y = (h @ C.unsqueeze(-1)).squeeze(-1) + self.D * u
        tail = recent[:, recent.shape[1] - (self.width - 1) :]
        return self.out(y * F.silu(z)), SelectiveState(tail, h[:, -1])


def tree_or_loop(a, b, h0):
    shift = 1
    b = torch.cat([a[:, :1] * h0.unsqueeze(1) + b[:, :1], b[:, 1:]], dim=1)
    while shift < a.shape[1]:
        b = torch.cat([b[:, :shift], a[:, shift:] * b[:, :-shift] + b[:, shift:]], dim=1)
        a = torch.cat([a[:, :shift], a[:, shift:] * a[:, :-shift]], dim=1)
        shift *= 2
    return b


# %% recurrent-layer
class Recurrent(MinGRUParts):
    def step(self, x, state):
        k = self.update(x)
        h = torch.sigmoid(-k) * state.h + torch.sigmoid(k) * self.candidate(x)
        return h, VectorState(h=h)

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        k = self.update(x)
        h = tree_or_loop(torch.sigmoid(-k), torch.sigmoid(k) * self.candidate(x), state.h)
        return h, VectorState(h=h[:, -1])
