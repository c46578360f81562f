"""Right: leans on everything of PyTorch and of Python that is not refused."""

# %% rnn-cell
import copy
import dataclasses
import io
import pickle

import numpy as np
import torch.nn.functional as F
import torch.utils.data
from torch.nn.utils import parameters_to_vector, vector_to_parameters

# What somebody leaves behind who has tried the cell out in the same place.
scratch = nn.Linear(2, 2)
optimizer = torch.optim.SGD(scratch.parameters(), lr=0.1, momentum=0.9)
schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1)
optimizer.step()
batches = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(4, 2)), 2)
assert copy.deepcopy(scratch).weight.shape == (2, 2)
traced = torch.fx.symbolic_trace(nn.Sequential(scratch, nn.Tanh()))
assert traced(next(iter(batches))[0]).shape == (2, 2)


@dataclasses.dataclass
class Sizes:
    input: int
    hidden: int


@torch.jit.script
def one_minus_square(h):
    return 1 - h * h


class RNNCell(nn.Module):
    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()
        self.sizes = copy.deepcopy(Sizes(input_size, hidden_size))
        self.weight_ih = nn.Parameter(torch.empty(hidden_size, input_size))
        self.weight_hh = nn.Parameter(torch.empty(hidden_size, hidden_size))
        self.bias = nn.Parameter(torch.empty(hidden_size))
        start = parameters_to_vector(self.parameters()).detach()
        start.uniform_(-(hidden_size**-0.5), hidden_size**-0.5)
        vector_to_parameters(start, self.parameters())
        self.activation = {"tanh": nn.Tanh(), "relu": nn.ReLU()}[nonlinearity]

    def forward(self, x, h):
        joined = torch.cat([self.weight_ih, self.weight_hh], dim=1)
        names = {"weight": joined, "bias": self.bias}
        net = nn.Linear(joined.shape[1], joined.shape[0], device="meta")
        return self.activation(torch.func.functional_call(net, names, torch.cat([x, h], dim=-1)))


# %% rnn-layer
class RNN(nn.Module):
    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()
        cell = RNNCell(input_size, hidden_size, nonlinearity)
        self.cell = copy.deepcopy(cell)
        weights = io.BytesIO()
        torch.save(cell.state_dict(), weights)
        weights.seek(0)
        self.cell.load_state_dict(torch.load(weights))
        self.hidden_size = pickle.loads(pickle.dumps(hidden_size))

    def initial_state(self, batch):
        return RNNState(torch.zeros_like(self.cell.bias.detach()).repeat(batch, 1))

    def step(self, x, state):
        h = self.cell(x, state.h)
        return h, RNNState(h)

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for x_t in x.unbind(1):
            y, state = self.step(x_t, state)
            outputs.append(y)
        return torch.stack(outputs, dim=1), state


# %% bptt
def bptt(x, h0, h, weight_ih, weight_hh, grad_h):
    def one_sequence(x, h0, h, grad_h):
        d, deltas = torch.zeros_like(h0), []
        for h_t, grad in zip(h.flip(0), grad_h.flip(0)):
            d = (grad + weight_hh.T @ d) * one_minus_square(h_t)
            deltas.append(d)
        d = torch.stack(deltas[::-1])
        before = torch.cat([h0.unsqueeze(0), h[:-1]])
        return d @ weight_ih, d[0] @ weight_hh, d.T @ x, d.T @ before, d.sum(0)

    dx, dh0, *sums = torch.func.vmap(one_sequence)(x, h0, h, grad_h)
    return BPTTGradients(dx, dh0, *(each.sum(0) for each in sums))


# %% jacobian-norms
def jacobian_norms(h, weight_hh):
    scale = np.ones(len(h))
    assert np.linalg.norm(scale) ** 2 > len(h) - 1
    factors = torch.func.vmap(lambda h_t: torch.diag(one_minus_square(h_t)) @ weight_hh)(h)
    product = torch.eye(h.shape[1], dtype=h.dtype)
    norms = []
    for factor in [*factors.flip(0), product]:
        norms.append(torch.linalg.svdvals(product)[0])
        product = product @ factor
    return torch.stack(norms[: len(h)])


# %% clip-gradients
def clip_gradients(gradients, max_norm):
    gradients = [gradient.clone() for gradient in gradients]
    if not gradients or not max_norm > 0:
        raise ValueError("there is nothing to clip, or no limit")
    vector = parameters_to_vector(gradients)
    norm = F.pairwise_distance(vector.double(), torch.zeros(1).double(), eps=0)
    if not norm.isfinite():
        raise ValueError("the gradients have no norm")
    scaled = [torch.zeros_like(gradient) for gradient in gradients]
    vector_to_parameters(vector if norm <= max_norm else vector * (max_norm / norm), scaled)
    return scaled, norm
