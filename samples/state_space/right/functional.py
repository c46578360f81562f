"""Right: functions of weights, torch.nn.functional throughout; the delta rule as one product."""


# %% zero-order-hold
def zero_order_hold(A, B, step):
    padded = F.pad(torch.cat([A, B], dim=1), (0, 0, 0, B.shape[1]))
    exponential = torch.linalg.matrix_exp(torch.mul(padded, step))
    return exponential[: len(A), : len(A)], exponential[: len(A), len(A) :]


# %% diagonal-hold
def diagonal_hold(A, step):
    x = torch.mul(A, step)
    empty = torch.eq(x, 0)
    quotient = torch.div(
        torch.special.expm1(x) if not x.is_complex() else torch.expm1(x), x.masked_fill(empty, 1)
    )
    return torch.exp(x), torch.mul(step, torch.where(empty, torch.add(1, x, alpha=0.5), quotient))


# %% recurrent
def recurrent(system, x, h):
    def outputs():
        state = h
        for token in torch.unbind(x, dim=1):
            state = torch.addcmul(
                torch.mul(system.A, state), system.B, token.unsqueeze(-1).to(h.dtype)
            )
            read = torch.view_as_real((system.C * state).sum(dim=-1))[..., 0]
            yield 2 * read + system.D * token, state

    pairs = list(outputs())
    return torch.stack([y for y, _ in pairs], dim=1), pairs[-1][1]


# %% kernel
def kernel(system, time):
    grown = powers(system.A, time)
    products = (system.C * system.B).unsqueeze(-1) * grown
    return torch.real(products + products.conj()).sum(dim=1)


# %% causal-convolution
def causal_convolution(x, kernel):
    time = x.shape[1]
    room = 1
    while room < 2 * time:
        room = room * 2
    spectrum = torch.fft.rfft(F.pad(x, (0, 0, 0, room - time)), dim=1)
    weights = torch.fft.rfft(F.pad(kernel, (0, room - time)), dim=1).transpose(0, 1)
    return torch.fft.irfft(spectrum * weights, n=room, dim=1).narrow(1, 0, time)


# %% convolved
def convolved(system, x, h):
    time = x.shape[1]
    # The state before is a token before the first, which B = 1 writes.
    grown = F.pad(powers(system.A, time + 1), (0, 0))
    before = torch.view_as_real((system.C.unsqueeze(-1) * h.unsqueeze(-1) * grown[..., 1:]).sum(2))
    y = torch.add(causal_convolution(x, kernel(system, time)), before[..., 0].mT, alpha=2)
    shares = torch.flip(grown.narrow(-1, 0, time), [-1]) * system.B.unsqueeze(-1)
    written = torch.matmul(x.mT.unsqueeze(-2).to(h.dtype), shares.mT).squeeze(-2)
    return torch.addcmul(y, system.D, x), torch.addcmul(written, grown[..., time], h)


# %% tree-scan
def tree_scan(a, b, h0):
    """Blocks of four in a loop, then their ends in a tree."""
    batch, time, dim = a.shape
    if time <= 4:
        states = []
        for t in range(time):
            h0 = torch.addcmul(b[:, t], a[:, t], h0)
            states.append(h0)
        return torch.stack(states, dim=1)
    short = -time % 4
    a = F.pad(a, (0, 0, 0, short), value=1.0).reshape(batch, -1, 4, dim)
    b = F.pad(b, (0, 0, 0, short)).reshape(batch, -1, 4, dim)
    grown, found = [a[:, :, 0]], [b[:, :, 0]]
    for k in range(1, 4):
        found.append(a[:, :, k] * found[-1] + b[:, :, k])
        grown.append(a[:, :, k] * grown[-1])
    ends = tree_scan(grown[-1], found[-1], h0)
    starts = torch.cat([h0.unsqueeze(1), ends[:, :-1]], dim=1).unsqueeze(2)
    states = torch.stack(grown, dim=2) * starts + torch.stack(found, dim=2)
    return states.reshape(batch, -1, dim)[:, :time]


# %% tree-scan-gradients
def tree_scan_gradients(a, h, h0, error):
    padded = F.pad(a, (0, 0, 0, 1))[:, 1:]
    e = torch.flip(tree_scan(torch.flip(padded, [1]), torch.flip(error, [1]), h0 * 0), [1])
    states = torch.cat([h0.unsqueeze(1), h], dim=1)
    return ScanGradients(e * states[:, :-1], e, torch.mul(a, e).select(1, 0))


# %% selective-block
def selective(weights, sizes, x, tail, h):
    rank, states = sizes
    u, z = F.linear(x, weights["inputs.weight"]).chunk(2, dim=-1)
    outputs = []
    for u_t, z_t in zip(u.unbind(1), z.unbind(1), strict=False):
        tail = torch.cat([tail, u_t.unsqueeze(1)], dim=1)
        u_t = F.silu(
            torch.einsum("wi,bwi->bi", weights["conv_weight"], tail) + weights["conv_bias"]
        )
        tail = tail[:, 1:]
        r, B, C = F.linear(u_t, weights["select.weight"]).split([rank, states, states], dim=-1)
        delta = F.softplus(F.linear(r, weights["step_size.weight"], weights["step_size.bias"]))
        decay = torch.exp(delta.unsqueeze(-1) * weights["log_A"].exp().neg())
        h = torch.addcmul(decay * h, (delta * u_t).unsqueeze(-1), B.unsqueeze(1))
        y = torch.baddbmm((weights["D"] * u_t).unsqueeze(-1), h, C.unsqueeze(-1)).squeeze(-1)
        outputs.append(F.linear(y * F.silu(z_t), weights["out.weight"]))
    return torch.stack(outputs, dim=1), SelectiveState(tail, h)


class SelectiveBlock(SequenceLayer):
    def __init__(self, d_model, states, expand=2, width=4, rank=1):
        super().__init__()
        inner = expand * d_model
        self.shape, self.sizes = (width, inner), (rank, states)
        self.inputs = nn.Linear(d_model, 2 * inner, bias=False)
        self.conv_weight = nn.Parameter(torch.rand(width, inner) - 0.5)
        self.conv_bias = nn.Parameter(torch.zeros(inner))
        self.select = nn.Linear(inner, rank + 2 * states, bias=False)
        self.step_size = nn.Linear(rank, inner)
        self.log_A = nn.Parameter((torch.arange(states) + 1.0).log().repeat(inner, 1))
        self.D = nn.Parameter(torch.ones(inner))
        self.out = nn.Linear(inner, d_model, bias=False)

    def initial_state(self, batch):
        width, inner = self.shape
        zeros = torch.zeros(batch, width - 1 + self.sizes[1], inner).to(self.D)
        return SelectiveState(zeros[:, : width - 1].clone(), zeros[:, width - 1 :].mT.clone())

    def system(self, u):
        rank, states = self.sizes
        r, B, C = F.linear(u, self.select.weight).split([rank, states, states], dim=-1)
        return F.softplus(F.linear(r, self.step_size.weight, self.step_size.bias)), B, C

    def step(self, x, state):
        y, state = selective(dict(self.named_parameters()), self.sizes, x.unsqueeze(1), *state)
        return y[:, 0], state

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        return selective(dict(self.named_parameters()), self.sizes, x, *state)


# %% recurrent-layer
def delta_step(S, q, k, v, beta, alpha):
    eye = torch.eye(k.shape[-1], dtype=k.dtype)
    fades = alpha.unsqueeze(-1) * (eye - beta.unsqueeze(-1) * k.unsqueeze(-1) * k.unsqueeze(-2))
    S = fades @ S + beta.unsqueeze(-1) * k.unsqueeze(-1) @ v.unsqueeze(-2)
    return (q.unsqueeze(-2) @ S).squeeze(-2), S


class Recurrent(DeltaParts):
    def numbers(self, x):
        q, k = (part / part.norm(dim=-1, keepdim=True) for part in (self.query(x), self.key(x)))
        return q, k, self.value(x), torch.sigmoid(self.write(x)), torch.sigmoid(self.keep(x))

    def step(self, x, state):
        y, S = delta_step(state.S, *self.numbers(x))
        return self.out(y), MatrixState(S)

    def forward(self, x, state=None):
        (S,) = self.initial_state(len(x)) if state is None else state
        rows = []
        for parts in zip(*(part.unbind(1) for part in self.numbers(x)), strict=False):
            y, S = delta_step(S, *parts)
            rows.append(y)
        return self.out(torch.stack(rows, dim=1)), MatrixState(S)
