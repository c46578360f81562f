"""Right: F.linear and helper functions; a layer that does not use the cell at all."""

# %% rnn-cell
import torch.nn.functional as F

ACTIVATIONS = {"tanh": F.tanh, "relu": F.relu}


def rnn_step(x, h, w_ih, w_hh, b, f):
    return f(F.linear(x, w_ih, b) + F.linear(h, w_hh))


def uniform(*shape, k):
    return nn.Parameter(torch.distributions.Uniform(-k, k).sample(shape))


class RNNCell(nn.Module):
    def __init__(self, input_size: int, hidden_size: int, nonlinearity: str = "tanh"):
        super().__init__()
        k = hidden_size**-0.5
        self.bias = uniform(hidden_size, k=k)
        self.weight_hh = uniform(hidden_size, hidden_size, k=k)
        self.weight_ih = uniform(hidden_size, input_size, k=k)
        self.activation = ACTIVATIONS[nonlinearity]

    def forward(self, x, h):
        return rnn_step(x, h, self.weight_ih, self.weight_hh, self.bias, self.activation)


# %% rnn-layer
class RNN(nn.Module):
    """Parameters of its own, and the recursion as a generator."""

    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()
        k = hidden_size**-0.5
        self.weight_ih = uniform(hidden_size, input_size, k=k)
        self.weight_hh = uniform(hidden_size, hidden_size, k=k)
        self.bias = uniform(hidden_size, k=k)
        self.activation = ACTIVATIONS[nonlinearity]

    def initial_state(self, batch):
        return RNNState(self.bias.new_zeros((batch, self.bias.numel())))

    def step(self, x, state):
        h = rnn_step(x, state.h, self.weight_ih, self.weight_hh, self.bias, self.activation)
        return h, RNNState(h=h)

    def trajectory(self, x, state):
        for x_t in torch.unbind(x, 1):
            _, state = self.step(x_t, state)
            yield state

    def forward(self, x, state=None):
        if state is None:
            state = self.initial_state(x.size(0))
        states = list(self.trajectory(x, state))
        return torch.stack([s.h for s in states], 1), states[-1]


# %% bptt
def back_one(delta_next, grad, h, U):
    return (grad + delta_next @ U) * (1 + h) * (1 - h)


def bptt(x, h0, h, weight_ih, weight_hh, grad_h):
    T = h.size(1)
    dW, dU = torch.zeros_like(weight_ih), torch.zeros_like(weight_hh)
    db = torch.zeros_like(weight_hh[0])
    dx = torch.zeros_like(x)
    delta = torch.zeros_like(h0)
    for t in reversed(range(T)):
        delta = back_one(delta, grad_h[:, t], h[:, t], weight_hh)
        h_prev = h[:, t - 1] if t > 0 else h0
        dW += delta.T @ x[:, t]
        dU += delta.T @ h_prev
        db += delta.sum(0)
        dx[:, t] = F.linear(delta, weight_ih.T)
    return BPTTGradients(dx, delta @ weight_hh, dW, dU, db)


# %% jacobian-norms
def jacobian_norms(h, weight_hh):
    def norm(A):
        return torch.linalg.eigvalsh(A.T @ A)[-1].clamp(min=0).sqrt()

    # Backwards: rows of dh(T)/dh(T-k), one unit of h(T) in each row.
    rows = torch.eye(h.size(1)).to(h)
    result = []
    for t in range(h.size(0) - 1, -1, -1):
        result.append(norm(rows))
        rows = F.linear(rows * (1 - h[t] ** 2), weight_hh.T)
    return torch.stack(result)


# %% clip-gradients
def clip_gradients(gradients, max_norm):
    gradients = [*gradients]
    norm = math.sqrt(sum(float((g.double() ** 2).sum()) for g in gradients))
    if not gradients or not max_norm > 0 or not math.isfinite(norm):
        raise ValueError(f"cannot clip a norm of {norm} to {max_norm}")
    scale = 1.0 if norm <= max_norm else max_norm / norm
    return [torch.mul(g, scale) for g in gradients], torch.tensor(norm, dtype=torch.float64)
