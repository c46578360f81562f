"""Right: more modules and buffers than needed, F.linear, a norm of shape (1,), step by forward."""


# %% rnn-cell
class RNNCell(nn.Module):
    def __init__(self, input_size: int, hidden_size: int, nonlinearity: str = "tanh"):
        super().__init__()
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"{nonlinearity} is neither tanh nor relu")
        self.register_buffer("steps_seen", torch.zeros(()), persistent=False)
        self.activation = nn.Sequential(nn.Identity(), nn.Tanh() if nonlinearity == "tanh" else nn.ReLU())
        for name, shape in {
            "bias": (hidden_size,),
            "weight_hh": (hidden_size, hidden_size),
            "weight_ih": (hidden_size, input_size),
        }.items():
            values = (2 * torch.rand(*shape) - 1) / hidden_size**0.5
            self.register_parameter(name, nn.Parameter(values))

    def forward(self, x, h):
        from_input = nn.functional.linear(x, self.weight_ih, self.bias)
        return self.activation(from_input + nn.functional.linear(h, self.weight_hh))


# %% rnn-layer
class RNN(SequenceLayer[RNNState]):
    def __init__(self, input_size: int, hidden_size: int, nonlinearity: str = "tanh"):
        super().__init__()
        self.inner = nn.ModuleDict({"cell": RNNCell(input_size, hidden_size, nonlinearity)})
        self.dropout = nn.Dropout(0.0)

    def initial_state(self, batch):
        U = self.inner["cell"].weight_hh
        return RNNState(h=torch.zeros_like(U[:1]).repeat(batch, 1).detach())

    def step(self, x, state):
        y, state = self.forward(x.unsqueeze(1), state)
        return y.squeeze(1), state

    def forward(self, x, state=None):
        if state is None:
            state = self.initial_state(x.size(0))
        y = x.new_empty(x.size(0), 0, state.h.size(1))
        for x_t in torch.split(x, 1, dim=1):
            state = RNNState(h=self.inner["cell"](x_t[:, 0], state.h))
            y = torch.cat([y, self.dropout(state.h)[:, None]], dim=1)
        return y, state


# %% bptt
def bptt(x, h0, h, weight_ih, weight_hh, grad_h):
    slope = (1 + h) * (1 - h)
    d = slope * grad_h
    # Add what comes back from later steps, one step at a time, without writing into anything.
    columns = list(d.unbind(1))
    for t in range(len(columns) - 2, -1, -1):
        back = torch.tensordot(columns[t + 1], weight_hh, dims=([1], [0]))
        columns[t] = columns[t] + slope[:, t] * back
    d = torch.stack(columns, dim=1)
    earlier = torch.stack([h0, *h.unbind(1)[:-1]], dim=1)
    return BPTTGradients(
        x=torch.matmul(d, weight_ih),
        h0=columns[0].matmul(weight_hh),
        weight_ih=torch.tensordot(d, x, dims=([0, 1], [0, 1])),
        weight_hh=torch.tensordot(d, earlier, dims=([0, 1], [0, 1])),
        bias=d.flatten(0, 1).sum(dim=0),
    )


# %% jacobian-norms
def jacobian_norms(h, weight_hh):
    T, n = h.shape
    product, result = torch.eye(n).to(h), h.new_ones(T)
    for k in range(1, T):
        product = torch.einsum("ij,j,jk->ik", product, 1 - h[T - k].square(), weight_hh)
        result[k] = torch.linalg.svdvals(product)[0]
    return result


# %% clip-gradients
def clip_gradients(gradients, max_norm):
    gradients = [*gradients]
    if not gradients or math.isnan(max_norm) or max_norm <= 0:
        raise ValueError("nothing to clip, or no limit")
    norm = torch.cat([g.flatten() for g in gradients]).norm().reshape(1)
    if norm.isnan().any() or norm.isinf().any():
        raise ValueError("the gradients are not finite")
    if float(norm) <= max_norm:
        return [g.clone() for g in gradients], norm
    return [g / (norm / max_norm).reshape(()) for g in gradients], norm
