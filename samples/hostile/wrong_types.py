"""Answers of types that nobody expects: modules, loops, giant numbers, odd tensors, odd names.

Deserves: nothing
"""

# %% prelude
import collections
import itertools
import sys

loop = []
loop.append(loop)
deep = ()
for _ in range(100_000):
    deep = (deep,)
Odd = collections.namedtuple("Odd", ["a", "b"])
Odd._fields = ("__class__", "def")
ODD = itertools.cycle(
    [
        sys,
        loop,
        deep,
        10**5000,
        -(2**200),
        "\ud800",
        "x" * (80 << 20),
        b"bytes",
        {1: 2},
        {loop.append},
        Odd(1, 2),
        lambda: 1,
        object,
        iter([]),
        float,
        1j,
        torch.empty(2, device="meta"),
        torch.eye(2).to_sparse(),
        torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8),
        torch.ones(2).to(torch.float8_e5m2),
        torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]),
        float("inf"),
        True,
        None,
        range(10**12),
        {"a": {"b": loop}},
    ]
)


# %% rnn-cell
class RNNCell(nn.Module):
    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()

    def state_dict(self, *args, **kwargs):
        return next(ODD)

    def forward(self, x, h):
        return next(ODD)


# %% rnn-layer
class RNN(RNNCell):
    def initial_state(self, batch):
        return next(ODD)

    def step(self, x, state):
        return next(ODD), next(ODD)

    def forward(self, x, state=None):
        return next(ODD)


# %% bptt
def bptt(x, h0, h, weight_ih, weight_hh, grad_h):
    return next(ODD)


# %% jacobian-norms
def jacobian_norms(h, weight_hh):
    return next(ODD)


# %% clip-gradients
def clip_gradients(gradients, max_norm):
    return next(ODD), next(ODD)
