"""Right: the reference's plan with other tools: ParameterDict-free loops, lists, matmul methods."""


# %% rnn-cell
class RNNCell(nn.Module):
    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(nonlinearity)
        self.act = nn.Tanh() if nonlinearity == "tanh" else nn.ReLU()
        bound = torch.tensor(hidden_size).float().rsqrt().item()
        weights = torch.empty(hidden_size, input_size + hidden_size + 1).uniform_(-bound, bound)
        self.weight_ih = nn.Parameter(weights[:, :input_size].clone())
        self.weight_hh = nn.Parameter(weights[:, input_size:-1].clone())
        self.bias = nn.Parameter(weights[:, -1].clone())

    def forward(self, x, h):
        joined = torch.cat([x, h], dim=-1)
        weight = torch.cat([self.weight_ih, self.weight_hh], dim=-1)
        return self.act(torch.addmm(self.bias, joined, weight.t()))


# %% rnn-layer
class RNN(SequenceLayer[RNNState]):
    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()
        self.hidden_size = hidden_size
        self.cells = nn.ModuleList([RNNCell(input_size, hidden_size, nonlinearity)])

    def initial_state(self, batch):
        dtype = next(self.parameters()).dtype
        return RNNState(torch.full((batch, self.hidden_size), 0.0, dtype=dtype))

    def step(self, x, state):
        return (h := self.cells[0](x, state.h)), RNNState(h)

    def forward(self, x, state=None):
        h = [(state or self.initial_state(x.shape[0])).h]
        for t in range(x.shape[1]):
            h += [self.cells[0](x.select(1, t), h[-1])]
        return torch.stack(h[1:], 1), RNNState(h[-1])


# %% bptt
def bptt(x, h0, h, weight_ih, weight_hh, grad_h):
    before = [h0, *h.unbind(1)[:-1]]
    steps = list(zip(x.unbind(1), before, h.unbind(1), grad_h.unbind(1), strict=True))
    U_t = weight_hh.t()
    back = torch.zeros_like(h0)
    found = []
    for x_t, last, now, grad in steps[::-1]:
        delta = torch.addcmul(grad + back, grad + back, now * now, value=-1)
        back = torch.mm(delta, U_t.t())
        outer = [delta[:, :, None] * v[:, None, :] for v in (x_t, last)]
        found.append((delta.mm(weight_ih), *(o.sum(0) for o in outer), delta.sum(0)))
    xs, dW, dU, db = zip(*found, strict=True)
    return BPTTGradients(torch.stack(xs[::-1], 1), back, sum(dW), sum(dU), sum(db))


# %% jacobian-norms
def jacobian_norms(h, weight_hh):
    jacobians = [(1 - s * s)[:, None] * weight_hh for s in h]
    products = [torch.eye(weight_hh.shape[0], dtype=h.dtype)]
    while len(products) < len(h):
        products.append(products[-1].mm(jacobians[-len(products)]))
    return torch.linalg.matrix_norm(torch.stack(products), 2)


# %% clip-gradients
def clip_gradients(gradients, max_norm):
    gradients = list(gradients)
    if not gradients:
        raise ValueError("empty")
    n = torch.stack([g.pow(2).sum() for g in gradients]).sum().sqrt()
    if not (max_norm > 0 and n.isfinite()):
        raise ValueError("no direction")
    factor = min(1.0, max_norm / max(n.item(), max_norm))
    return [g * factor for g in gradients], n
