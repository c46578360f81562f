"""Right: the inputs of all steps are projected at once, before the loop; numpy-like names."""


# %% rnn-cell
class RNNCell(nn.Module):
    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()
        self.hidden_size = hidden_size
        self.f = {"tanh": torch.tanh, "relu": torch.relu}[nonlinearity]
        self.weight_ih = nn.Parameter(torch.zeros(hidden_size, input_size))
        self.weight_hh = nn.Parameter(torch.zeros(hidden_size, hidden_size))
        self.bias = nn.Parameter(torch.zeros(hidden_size))
        self.reset_parameters()

    def reset_parameters(self):
        k = 1 / math.sqrt(self.hidden_size)
        for p in self.parameters():
            nn.init.uniform_(p, -k, k)

    def project(self, x):
        return x @ self.weight_ih.mT + self.bias

    def recur(self, a, h):
        return self.f(a + h @ self.weight_hh.mT)

    def forward(self, x, h):
        return self.recur(self.project(x), h)


# %% rnn-layer
class RNN(SequenceLayer[RNNState]):
    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()
        self.rnn = RNNCell(input_size, hidden_size, nonlinearity)

    def initial_state(self, batch):
        p = self.rnn.bias
        return RNNState(torch.zeros(batch, self.rnn.hidden_size, dtype=p.dtype, device=p.device))

    def step(self, x, state):
        y, state = self.forward(x[:, None], state)
        return y[:, 0], state

    def forward(self, x, state=None):
        (h,) = self.initial_state(len(x)) if state is None else state
        ys = []
        for a in self.rnn.project(x).transpose(0, 1):
            h = self.rnn.recur(a, h)
            ys.append(h)
        return torch.stack(ys).transpose(0, 1), RNNState(h)


# %% bptt
def bptt(x, h0, h, weight_ih, weight_hh, grad_h):
    # Time first, and all sums as plain matrix products of flattened steps.
    xs, hs, gs = (v.transpose(0, 1) for v in (x, h, grad_h))
    before = torch.cat((h0[None], hs[:-1]))
    slopes = 1 - hs * hs
    d = torch.zeros_like(hs)
    back = torch.zeros_like(h0)
    for t in range(len(hs))[::-1]:
        d[t] = slopes[t] * (gs[t] + back)
        back = (weight_hh.T @ d[t].T).T
    flat = d.flatten(0, 1)
    return BPTTGradients(
        x=(d @ weight_ih).transpose(0, 1),
        h0=back,
        weight_ih=flat.T @ xs.flatten(0, 1),
        weight_hh=flat.T @ before.flatten(0, 1),
        bias=flat.sum(0),
    )


# %% jacobian-norms
def jacobian_norms(h, weight_hh):
    T, n = h.shape
    norms = [torch.ones((), dtype=h.dtype)]
    P = torch.eye(n, dtype=h.dtype)
    for t in range(T - 1, 0, -1):
        P = P @ torch.diag(1 - h[t] ** 2) @ weight_hh
        norms.append(torch.linalg.norm(P, 2))
    return torch.stack(norms)


# %% clip-gradients
def clip_gradients(gradients, max_norm):
    grads = tuple(gradients)
    if len(grads) == 0:
        raise ValueError("no gradients")
    if not (max_norm > 0):
        raise ValueError("max_norm")
    total = torch.linalg.vector_norm(torch.cat([g.reshape(-1) for g in grads]))
    if not bool(torch.isfinite(total)):
        raise ValueError("not finite")
    factor = torch.clamp(max_norm / (total + 1e-12), max=1.0)
    return [factor * g for g in grads], total
