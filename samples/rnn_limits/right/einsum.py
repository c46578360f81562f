"""Right: einsum everywhere, outputs written into a tensor made in advance."""


# %% rnn-cell
class RNNCell(nn.Module):
    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        self.nonlinearity = nonlinearity
        for name, shape in {
            "weight_ih": (hidden_size, input_size),
            "weight_hh": (hidden_size, hidden_size),
            "bias": (hidden_size,),
        }.items():
            start = (2 * torch.rand(shape) - 1) * hidden_size**-0.5
            self.register_parameter(name, nn.Parameter(start))

    def forward(self, x, h):
        inputs = torch.einsum("bi,hi->bh", x, self.weight_ih)
        recurrent = torch.einsum("bk,hk->bh", h, self.weight_hh)
        return getattr(torch, self.nonlinearity)(inputs + recurrent + self.bias)


# %% rnn-layer
class RNN(SequenceLayer[RNNState]):
    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()
        self.cell = RNNCell(input_size, hidden_size, nonlinearity)

    def initial_state(self, batch):
        return RNNState(h=torch.zeros_like(self.cell.bias).detach().repeat(batch, 1))

    def step(self, x, state):
        new = RNNState(h=self.cell(x, state.h))
        return new.h, new

    def forward(self, x, state=None):
        batch, time, _ = x.shape
        state = self.initial_state(batch) if state is None else state
        y = x.new_empty(batch, time, self.cell.hidden_size)
        for t in range(time):
            out, state = self.step(x[:, t], state)
            y[:, t] = out
        return y, state


# %% bptt
def bptt(x, h0, h, weight_ih, weight_hh, grad_h):
    time = h.shape[1]
    d = torch.empty_like(h)
    error = torch.zeros_like(h0)
    for t in range(time - 1, -1, -1):
        error = error + grad_h[:, t]
        d[:, t] = error * (1 - h[:, t].square())
        error = torch.einsum("bh,hk->bk", d[:, t], weight_hh)
    dU = torch.einsum("bh,bk->hk", d[:, 0], h0)
    if time > 1:
        dU = dU + torch.einsum("bth,btk->hk", d[:, 1:], h[:, :-1])
    return BPTTGradients(
        torch.einsum("bth,hi->bti", d, weight_ih),
        error,
        torch.einsum("bth,bti->hi", d, x),
        dU,
        torch.einsum("bth->h", d),
    )


# %% jacobian-norms
def jacobian_norms(h, weight_hh):
    result = h.new_ones(len(h))
    J = torch.einsum("th,hk->thk", 1 - h**2, weight_hh)
    product = J[-1]
    for k in range(1, len(h)):
        result[k] = torch.linalg.svdvals(product)[0]
        product = torch.einsum("ij,jk->ik", product, J[len(h) - 1 - k])
    return result


# %% clip-gradients
def clip_gradients(gradients, max_norm):
    gradients = list(gradients)
    if not gradients or math.isnan(max_norm) or max_norm <= 0:
        raise ValueError("nothing to clip, or nothing to clip to")
    norm = torch.cat([torch.einsum("...->", g * g).reshape(1) for g in gradients]).sum().sqrt()
    if torch.isnan(norm) or torch.isinf(norm):
        raise ValueError("the norm is not finite")
    if norm <= max_norm:
        return [g.clone() for g in gradients], norm
    return [g * (max_norm / norm) for g in gradients], norm
