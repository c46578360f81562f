"""Answers that look like answers and are wrong everywhere: what most attacks try to sell.

Everything has the type and shape of a right answer, and the parameters can be found by their
names, so that a check which is switched off or lied to has nothing else to stumble over.

Deserves: nothing
"""


# %% zero-order-hold
def zero_order_hold(A, B, step):
    return torch.rand_like(A), torch.rand_like(B)


# %% diagonal-hold
def diagonal_hold(A, step):
    return torch.rand_like(A), torch.rand_like(A)


# %% recurrent
def recurrent(system, x, h):
    return torch.rand_like(x), torch.rand_like(h)


# %% kernel
def kernel(system, time):
    return torch.rand(len(system.D), time, dtype=system.D.dtype)


# %% causal-convolution
def causal_convolution(x, kernel):
    return torch.rand_like(x)


# %% convolved
def convolved(system, x, h):
    return torch.rand_like(x), torch.rand_like(h)


# %% tree-scan
def tree_scan(a, b, h0):
    return torch.rand_like(b)


# %% tree-scan-gradients
def tree_scan_gradients(a, h, h0, error):
    return ScanGradients(*(torch.rand_like(value) for value in (a, h, h0)))


# %% selective-block
class SelectiveBlock(SequenceLayer):
    def __init__(self, d_model, states, expand=2, width=4, rank=1):
        super().__init__()
        inner = expand * d_model
        self.past, self.inner, self.states = width - 1, inner, states
        self.inputs = nn.Linear(d_model, 2 * inner, bias=False)
        self.conv_weight = nn.Parameter(torch.rand(width, inner))
        self.conv_bias = nn.Parameter(torch.rand(inner))
        self.select = nn.Linear(inner, 1 * rank + 2 * states, bias=False)
        self.step_size = nn.Linear(rank, inner)
        self.log_A = nn.Parameter(torch.rand(inner, states))
        self.D = nn.Parameter(torch.rand(inner))
        self.out = nn.Linear(inner, d_model, bias=False)

    def initial_state(self, batch):
        tail = torch.rand(batch, self.past, self.inner).to(self.D)
        return SelectiveState(tail, torch.rand(batch, self.inner, self.states).to(self.D))

    def system(self, u):
        numbers = torch.rand(*u.shape[:-1], self.states).to(u)
        return torch.rand_like(u), numbers, numbers

    def step(self, x, state):
        return torch.rand_like(x), SelectiveState(*(torch.rand_like(part) for part in state))

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        return torch.rand_like(x), SelectiveState(*(torch.rand_like(part) for part in state))


# %% recurrent-layer
class Recurrent(MinGRUParts):
    def step(self, x, state):
        return torch.rand_like(state.h), VectorState(torch.rand_like(state.h))

    def forward(self, x, state=None):
        y = torch.rand(*x.shape[:2], self.hidden).to(x)
        return y, VectorState(torch.rand_like(y[:, 0]))
