"""Right: einsum and matrices; a tree that halves; the delta rule, all its names its own."""


# %% zero-order-hold
def zero_order_hold(A, B, step):
    # The integral of the exponential from 0 to the step, in the corner of a larger exponential.
    n = A.shape[0]
    eye, zero = torch.eye(n, dtype=A.dtype), torch.zeros(n, n, dtype=A.dtype)
    large = torch.cat([torch.cat([A, eye], 1), torch.cat([zero, zero], 1)], 0)
    exponential = torch.linalg.matrix_exp(large * step)
    return exponential[:n, :n], torch.einsum("ij,jk->ik", exponential[:n, n:], B)


# %% diagonal-hold
def diagonal_hold(A, step):
    # exp(x) - 1 = 2 exp(x/2) sinh(x/2), and sinh keeps its digits
    half = step * A / 2
    safe = torch.where(half == 0, torch.ones_like(half), half)
    ratio = torch.where(half == 0, 1 + 0 * half, torch.sinh(safe) / safe)
    return torch.exp(2 * half), step * torch.exp(half) * ratio


# %% recurrent
def recurrent(system, x, h):
    A, B, C, D = system
    written = torch.einsum("dn,btd->btdn", B, x.to(B.dtype))
    states = []
    for w in written.unbind(1):
        h = A * h + w
        states.append(h)
    y = torch.einsum("dn,btdn->btd", 2 * C, torch.stack(states, 1)).real
    return y + torch.einsum("d,btd->btd", D, x), h


# %% kernel
def kernel(system, time):
    grown = [torch.ones_like(system.A)]
    for _ in range(time - 1):
        grown.append(grown[-1] * system.A)
    return 2 * torch.einsum("dn,dn,tdn->dt", system.C, system.B, torch.stack(grown)).real


# %% causal-convolution
def causal_convolution(x, kernel):
    time = x.shape[1]
    lag = torch.arange(time)[:, None] - torch.arange(time)
    matrix = kernel[:, lag.clamp(min=0)] * (lag >= 0)
    return torch.einsum("dts,bsd->btd", matrix, x)


# %% convolved
def convolved(system, x, h):
    A, B, C, D = system
    time = x.shape[1]
    grown = powers(A, time + 1)
    y = causal_convolution(x, kernel(system, time)) + torch.einsum("d,btd->btd", D, x)
    y = y + 2 * torch.einsum("dn,bdn,dnt->btd", C, h, grown[:, :, 1:]).real
    last = torch.einsum("dn,bdn->bdn", grown[:, :, -1], h)
    inputs = x.flip(1).to(B.dtype)
    return y, last + torch.einsum("dnt,dn,btd->bdn", grown[:, :, :-1], B, inputs)


# %% tree-scan
def tree_scan(a, b, h0):
    def joined(a, b):
        """All beginnings of a sequence of steps, each as one step."""
        time = a.shape[1]
        if time == 1:
            return a, b
        half = time // 2
        (a1, b1), (a2, b2) = joined(a[:, :half], b[:, :half]), joined(a[:, half:], b[:, half:])
        last_a, last_b = a1[:, -1:], b1[:, -1:]
        return torch.cat([a1, a2 * last_a], 1), torch.cat([b1, a2 * last_b + b2], 1)

    grown, found = joined(a, b)
    return torch.einsum("btd,bd->btd", grown, h0) + found


# %% tree-scan-gradients
def tree_scan_gradients(a, h, h0, error):
    back = error.flip(1)
    factors = a.flip(1)[:, :-1]
    e = back[:, :1]
    if a.shape[1] > 1:
        e = torch.cat([e, tree_scan(factors, back[:, 1:], back[:, 0])], 1)
    e = e.flip(1)
    before = torch.cat([h0.unsqueeze(1), h], 1)[:, :-1]
    return ScanGradients(torch.einsum("btd,btd->btd", e, before), e, e[:, 0] * a[:, 0])


# %% selective-block
class SelectiveBlock(SequenceLayer):
    def __init__(self, d_model, states, expand=2, width=4, rank=1):
        super().__init__()
        inner = expand * d_model
        self.sizes = inner, states, width, rank
        self.inputs = nn.Linear(d_model, 2 * inner, bias=False)
        self.conv_weight = nn.Parameter(torch.rand(width, inner) - 0.5)
        self.conv_bias = nn.Parameter(torch.zeros(inner))
        self.select = nn.Linear(inner, rank + 2 * states, bias=False)
        self.step_size = nn.Linear(rank, inner)
        self.log_A = nn.Parameter((torch.arange(states) + 1.0).log().repeat(inner, 1))
        self.D = nn.Parameter(torch.ones(inner))
        self.out = nn.Linear(inner, d_model, bias=False)

    def initial_state(self, batch):
        inner, states, width, _ = self.sizes
        return SelectiveState(
            self.D.new_zeros(batch, width - 1, inner), self.D.new_zeros(batch, inner, states)
        )

    def system(self, u):
        _, states, _, rank = self.sizes
        r, B, C = torch.split(self.select(u), [rank, states, states], -1)
        return F.softplus(self.step_size(r)), B, C

    def step(self, x, state):
        y, state = self(x[:, None, :], state)
        return y[:, 0], state

    def forward(self, x, state=None):
        inner, _, width, _ = self.sizes
        state = self.initial_state(x.shape[0]) if state is None else state
        both = torch.einsum("ij,btj->bti", self.inputs.weight, x)
        u, z = both[..., :inner], both[..., inner:]
        recent = torch.cat([state.tail, u], 1)
        time = x.shape[1]
        windows = torch.stack([recent[:, j : j + time] for j in range(width)], 0)
        u = F.silu(torch.einsum("ji,jbti->bti", self.conv_weight, windows) + self.conv_bias)
        delta, B, C = self.system(u)
        decay = torch.exp(torch.einsum("bti,in->btin", delta, -torch.exp(self.log_A)))
        written = torch.einsum("bti,bti,btn->btin", delta, u, B)
        h = sequential_scan(decay, written, state.h)
        y = torch.einsum("btn,btin->bti", C, h) + u * self.D
        out = torch.einsum("ji,bti->btj", self.out.weight, y * F.silu(z))
        return out, SelectiveState(recent[:, time:], h[:, -1])


# %% recurrent-layer
class Recurrent(DeltaParts):
    def step(self, x, state):
        q, k = F.normalize(self.query(x), dim=-1), F.normalize(self.key(x), dim=-1)
        beta, alpha = torch.sigmoid(self.write(x)), torch.sigmoid(self.keep(x))
        faded = torch.einsum("bo,bkv->bkv", alpha, state.S)
        missing = self.value(x) - torch.einsum("bkv,bk->bv", faded, k)
        S = faded + torch.einsum("bo,bk,bv->bkv", beta, k, missing)
        return self.out(torch.einsum("bkv,bk->bv", S, q)), MatrixState(S)

    def forward(self, x, state=None):
        state = self.initial_state(x.shape[0]) if state is None else state
        outputs = []
        for x_t in x.unbind(1):
            y, state = self.step(x_t, state)
            outputs.append(y)
        return torch.stack(outputs, 1), state
