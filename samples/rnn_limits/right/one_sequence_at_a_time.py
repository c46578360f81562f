"""Right but slow: loops over the batch, column vectors as in the equations, recursion in time."""


# %% rnn-cell
class RNNCell(nn.Module):
    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()
        self.hidden_size = hidden_size
        self.nonlinearity = nonlinearity
        bound = 1 / hidden_size**0.5
        draw = torch.distributions.Uniform(-bound, bound).sample
        self.weight_ih = nn.Parameter(draw((hidden_size, input_size)))
        self.weight_hh = nn.Parameter(draw((hidden_size, hidden_size)))
        self.bias = nn.Parameter(draw((hidden_size,)))

    def forward(self, x, h):
        columns = []
        for x_t, h_t in zip(x, h, strict=True):
            a = self.weight_ih @ x_t + self.weight_hh @ h_t + self.bias
            if self.nonlinearity == "relu":
                columns.append(torch.where(a > 0, a, torch.zeros_like(a)))
            else:
                columns.append(
                    (torch.exp(-2 * a.abs()) - 1).neg() / (1 + torch.exp(-2 * a.abs())) * a.sign()
                )
        return torch.stack(columns)


# %% rnn-layer
class RNN(SequenceLayer[RNNState]):
    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()
        self.cell = RNNCell(input_size, hidden_size, nonlinearity)

    def initial_state(self, batch):
        return RNNState(torch.zeros(batch, self.cell.hidden_size).to(self.cell.weight_hh))

    def step(self, x, state):
        check_token("x", x)
        h = self.cell(x, state[0])
        return h, state._replace(h=h)

    def forward(self, x, state=None):
        check_sequence("x", x)
        state = state or self.initial_state(x.shape[0])
        if x.shape[1] == 0:
            return x.new_zeros(x.shape[0], 0, self.cell.hidden_size), state
        y, state = self.step(x[:, 0], state)
        if x.shape[1] == 1:
            return y.unsqueeze(1), state
        rest, state = self.forward(x[:, 1:], state)
        return torch.cat([y.unsqueeze(1), rest], dim=1), state


# %% bptt
def bptt(x, h0, h, weight_ih, weight_hh, grad_h):
    batch, time, _ = x.shape
    dx, dh0 = torch.zeros_like(x), torch.zeros_like(h0)
    dW, dU = torch.zeros_like(weight_ih), torch.zeros_like(weight_hh)
    db = weight_hh.new_zeros(len(weight_hh))
    for b in range(batch):
        delta = torch.zeros_like(h0[b])
        for t in range(time - 1, -1, -1):
            e = grad_h[b, t] + weight_hh.T @ delta
            delta = e * (1 - h[b, t] ** 2)
            before = h0[b] if t == 0 else h[b, t - 1]
            dx[b, t] = weight_ih.T @ delta
            dW += torch.outer(delta, x[b, t])
            dU += torch.outer(delta, before)
            db += delta
        dh0[b] = weight_hh.T @ delta
    return BPTTGradients(x=dx, h0=dh0, weight_ih=dW, weight_hh=dU, bias=db)


# %% jacobian-norms
def jacobian_norms(h, weight_hh):
    T = len(h)
    norms = torch.empty(T, dtype=h.dtype)
    for k in range(T):
        product = torch.eye(h.shape[1], dtype=h.dtype)
        for t in range(T - 1, T - 1 - k, -1):
            product = product @ (torch.diag(1 - h[t] ** 2) @ weight_hh)
        norms[k] = torch.linalg.svd(product).S.max()
    return norms


# %% clip-gradients
def clip_gradients(gradients, max_norm):
    kept = [g.detach().clone() for g in gradients]
    if not max_norm > 0 or len(kept) == 0:
        raise ValueError("max_norm must be above 0, and there must be gradients")
    squares = torch.zeros((), dtype=kept[0].dtype)
    for g in kept:
        squares = squares + (g**2).sum()
    norm = squares**0.5
    if not norm < float("inf"):
        raise ValueError("the norm is not finite")
    if norm > max_norm:
        for g in kept:
            g *= max_norm / norm
    return kept, norm
