"""Right: as the text has it, one equation after the other; the shortest tree; a minGRU in steps."""


# %% zero-order-hold
def zero_order_hold(A, B, step):
    states, inputs = B.shape
    both = torch.zeros(states + inputs, states + inputs, dtype=A.dtype)
    both[:states, :states] = A
    both[:states, states:] = B
    exponential = torch.matrix_exp(both * step)
    return exponential[:states, :states], exponential[:states, states:]


# %% diagonal-hold
def diagonal_hold(A, step):
    x = A * step
    divisor = torch.where(A == 0, torch.ones_like(A), A)
    return x.exp(), torch.where(A == 0, step + step * x / 2, torch.expm1(x) / divisor)


# %% recurrent
def recurrent(system, x, h):
    y = []
    for t in range(x.shape[1]):
        h = system.A * h + system.B * x[:, t, :, None]
        y.append(2 * torch.real((system.C * h).sum(2)) + system.D * x[:, t])
    return torch.stack(y, 1), h


# %% kernel
def kernel(system, time):
    weights = (system.C * system.B).unsqueeze(-1)
    return 2 * (weights * powers(system.A, time)).sum(1).real


# %% causal-convolution
def causal_convolution(x, kernel):
    time = x.shape[1]
    room = 2 * time
    spectrum = torch.fft.fft(x, room, dim=1) * torch.fft.fft(kernel, room, dim=1).T
    return torch.fft.ifft(spectrum, dim=1)[:, :time].real


# %% convolved
def convolved(system, x, h):
    A, B, C, D = system
    time = x.shape[1]
    grown = powers(A, time + 1)
    before = 2 * (C[None, :, :, None] * h.unsqueeze(-1) * grown[None, :, :, 1:]).sum(2).real
    y = causal_convolution(x, kernel(system, time)) + before.transpose(1, 2) + D * x
    for t in range(time):
        h = A * h + B * x[:, t].unsqueeze(-1)
    return y, h


# %% tree-scan
def tree_scan(a, b, h0):
    first = a[:, :1] * h0[:, None] + b[:, :1]
    b = torch.cat([first, b[:, 1:]], 1)
    shift = 1
    while shift < a.shape[1]:
        b = torch.cat([b[:, :shift], a[:, shift:] * b[:, :-shift] + b[:, shift:]], 1)
        a = torch.cat([a[:, :shift], a[:, shift:] * a[:, :-shift]], 1)
        shift = shift * 2
    return b


# %% tree-scan-gradients
def tree_scan_gradients(a, h, h0, error):
    nothing = torch.zeros_like(a[:, :1])
    a_next = torch.cat([a[:, 1:], nothing], 1)
    e = tree_scan(a_next.flip(1), error.flip(1), torch.zeros_like(h0)).flip(1)
    h_before = torch.cat([h0[:, None], h[:, :-1]], 1)
    return ScanGradients(a=e * h_before, b=e, h0=a[:, 0] * e[:, 0])


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
        tail = torch.zeros(batch, self.width - 1, self.inner, dtype=self.D.dtype)
        return SelectiveState(tail, torch.zeros(batch, self.inner, self.states, dtype=self.D.dtype))

    def system(self, u):
        numbers = self.select(u)
        r = numbers[..., : self.rank]
        B = numbers[..., self.rank : self.rank + self.states]
        C = numbers[..., self.rank + self.states :]
        return F.softplus(self.step_size(r)), B, C

    def step(self, x, state):
        u, z = self.inputs(x).split(self.inner, dim=-1)
        window = torch.cat([state.tail, u[:, None]], dim=1)
        u = F.silu(self.conv_bias + (self.conv_weight * window).sum(1))
        delta, B, C = self.system(u)
        A = -torch.exp(self.log_A)
        h = torch.exp(delta[:, :, None] * A) * state.h + (delta * u)[:, :, None] * B[:, None, :]
        y = (h * C[:, None, :]).sum(-1) + self.D * u
        return self.out(y * F.silu(z)), SelectiveState(window[:, 1:], h)

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for t in range(x.shape[1]):
            y, state = self.step(x[:, t], state)
            outputs.append(y)
        return torch.stack(outputs, dim=1), state


# %% recurrent-layer
class Recurrent(MinGRUParts):
    def step(self, x, state):
        z = torch.sigmoid(self.update(x))
        h = (1 - z) * state.h + z * self.candidate(x)
        return h, VectorState(h)

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for t in range(x.shape[1]):
            y, state = self.step(x[:, t], state)
            outputs.append(y)
        return torch.stack(outputs, dim=1), state
