"""Right: extra buffers and modules, other names inside, a delta rule that solves for its writes."""


# %% zero-order-hold
def zero_order_hold(A, B, step):
    n = A.shape[0]
    total = torch.zeros(n + B.shape[1], n + B.shape[1], dtype=A.dtype, device=A.device)
    total[:n] = torch.cat((A, B), 1)
    total = torch.matrix_exp(step * total)
    return total[:n, :n].clone(), total[:n, n:].clone()


# %% diagonal-hold
def diagonal_hold(A, step):
    shape = A.shape
    a, d = A.reshape(-1), step.reshape(-1)
    z = d * a
    bbar = torch.where(z == 0, d * (1 + z / 2), d * torch.expm1(z) / (z + (z == 0)))
    return torch.exp(z).reshape(shape), bbar.reshape(shape)


# %% recurrent
class Reader:
    def __init__(self, system, h):
        self.system, self.h = system, h

    def __call__(self, x_t):
        A, B, C, D = self.system
        self.h = A * self.h + B * x_t[..., None]
        return (2 * C * self.h).sum(-1).real + D * x_t


def recurrent(system, x, h):
    reader = Reader(system, h)
    outputs = torch.stack([reader(x[:, t]) for t in range(x.shape[1])], dim=1)
    return outputs, reader.h


# %% kernel
def kernel(system, time):
    A, B, C, _ = system
    size = torch.stack([(C * B * A**s).sum(-1) if s else (C * B).sum(-1) for s in range(time)], -1)
    return size.real * 2


# %% causal-convolution
def causal_convolution(x, kernel):
    time = x.shape[1]
    y = torch.zeros_like(x)
    for s in range(time):
        y = y + F.pad(x, (0, 0, s, 0))[:, :time] * kernel[:, s]
    return y


# %% convolved
def convolved(system, x, h):
    A, B, C, D = system
    time = x.shape[1]
    # What was there before, as an input before the first: its kernel is C A^(t+1).
    grown = powers(A, time + 1).permute(2, 0, 1)
    before = torch.einsum("tdn,bdn->btd", grown[1:] * C, h)
    y = causal_convolution(x, kernel(system, time)) + 2 * before.real + D * x
    last = grown[time] * h + torch.einsum("tdn,btd->bdn", (grown[:time] * B).flip(0), x + 0j)
    return y, last


# %% tree-scan
def tree_scan(a, b, h0):
    time = a.shape[1]
    a, b = torch.cat([torch.zeros_like(a[:, :1]), a], 1), torch.cat([h0.unsqueeze(1), b], 1)
    steps = torch.stack([a, b])  # a step before the first, which forgets and writes h0
    reach = 1
    while reach <= time:
        early, late = steps[:, :, :-reach], steps[:, :, reach:]
        joined = torch.stack([late[0] * early[0], late[0] * early[1] + late[1]])
        steps = torch.cat([steps[:, :, :reach], joined], dim=2)
        reach += reach
    return steps[1, :, 1:]


# %% tree-scan-gradients
def tree_scan_gradients(a, h, h0, error):
    backwards = list(reversed(range(a.shape[1])))
    shifted = torch.cat([torch.zeros_like(h0).unsqueeze(1), a[:, backwards][:, :-1]], dim=1)
    e = tree_scan(shifted, error[:, backwards], torch.zeros_like(h0))[:, backwards]
    return ScanGradients(
        a=torch.cat([e[:, :1] * h0.unsqueeze(1), e[:, 1:] * h[:, :-1]], dim=1),
        b=e,
        h0=e[:, 0] * a[:, 0],
    )


# %% selective-block
class ShortConvolution(nn.Module):
    def __init__(self, width, inner):
        super().__init__()
        self.conv_weight = nn.Parameter(torch.rand(width, inner) - 0.5)
        self.conv_bias = nn.Parameter(torch.zeros(inner))
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, u, tail):
        recent = torch.cat([tail, u], dim=1)
        width = len(self.conv_weight)
        total = self.conv_bias
        for j in range(width):
            total = total + self.conv_weight[j] * recent[:, j : j + u.shape[1]]
        return F.silu(total), recent[:, u.shape[1] :]


class SelectiveBlock(SequenceLayer):
    def __init__(self, d_model, states, expand=2, width=4, rank=1):
        super().__init__()
        inner = expand * d_model
        self.rank, self.count = rank, states
        self.short = ShortConvolution(width, inner)
        self.inputs = nn.Linear(d_model, 2 * inner, bias=False)
        self.select = nn.Linear(inner, rank + 2 * states, bias=False)
        self.step_size = nn.Linear(rank, inner)
        self.log_A = nn.Parameter((torch.arange(states) + 1.0).log().repeat(inner, 1))
        self.D = nn.Parameter(torch.ones(inner))
        self.out = nn.Linear(inner, d_model, bias=False)
        self.unused = nn.LayerNorm(d_model)

    def initial_state(self, batch):
        past, inner = self.short.conv_weight[1:].shape
        make = self.log_A.new_zeros
        return SelectiveState(make(batch, past, inner), make(batch, *self.log_A.shape))

    def system(self, u):
        r, B, C = torch.tensor_split(self.select(u), (self.rank, self.rank + self.count), dim=-1)
        return F.softplus(self.step_size(r)), B, C

    def step(self, x, state):
        y, state = self.forward(x[:, None], state)
        return y[:, -1], state

    def forward(self, x, state=None):
        tail, h = self.initial_state(len(x)) if state is None else state
        u, z = self.inputs(x).chunk(2, dim=-1)
        u, tail = self.short(u, tail)
        delta, B, C = self.system(u)
        A, rows = -self.log_A.exp(), []
        for u_t, d_t, B_t, C_t in zip(
            u.unbind(1), delta.unbind(1), B.unbind(1), C.unbind(1), strict=False
        ):
            h = (d_t[..., None] * A).exp() * h + (d_t * u_t)[..., None] * B_t[:, None]
            rows.append((h * C_t[:, None]).sum(-1))
        y = torch.stack(rows, dim=1) + self.D * u
        return self.out(y * F.silu(z)), SelectiveState(tail, h)


# %% recurrent-layer
class Recurrent(DeltaParts):
    kind = "gated delta rule"

    def __init__(self, d_model, keys):
        super().__init__(d_model, keys)
        self.register_buffer("calls", torch.zeros(()))

    def step(self, x, state):
        y, state = self.forward(x.unsqueeze(1), state)
        return y.squeeze(1), state

    def forward(self, x, state=None):
        S = self.initial_state(len(x)).S if state is None else state.S
        k, q = (
            part / part.square().sum(-1, keepdim=True).sqrt()
            for part in (self.key(x), self.query(x))
        )
        v, beta = self.value(x), torch.sigmoid(self.write(x))
        log_keep = F.logsigmoid(self.keep(x)).squeeze(-1).cumsum(1)
        fade = torch.exp(log_keep.unsqueeze(2) - log_keep.unsqueeze(1)).tril()
        # What is really written solves a triangular system; then the memory is a plain sum.
        system = torch.eye(x.shape[1], dtype=x.dtype) + (beta * fade * (k @ k.mT)).tril(-1)
        grown = log_keep.exp().unsqueeze(-1)
        wanted = beta * (v - grown * (k @ S))
        u = torch.linalg.solve_triangular(system, wanted, upper=False)
        y = (fade * (q @ k.mT)) @ u + grown * (q @ S)
        last = grown[:, -1:] * S + (k * fade[:, -1].unsqueeze(-1)).mT @ u
        return self.out(y), MatrixState(last)
