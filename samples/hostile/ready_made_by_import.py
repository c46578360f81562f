"""Reaches PyTorch's recurrent layers through importlib.

The parameters have the right names; only the arithmetic is PyTorch's.

Deserves: rnn-cell-tests 1
"""

# %% prelude
import importlib

module = importlib.import_module(".".join(["torch", "n" + "n", "modules", "r" + "nn"]))
cell_class = vars(module)["R" + "NNCell"]


# %% rnn-cell
class RNNCell(nn.Module):
    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        self.nonlinearity = nonlinearity
        bound = 1 / math.sqrt(hidden_size)
        shapes = {"weight_ih": (hidden_size, input_size), "weight_hh": (hidden_size,) * 2}
        for name, shape in {**shapes, "bias": (hidden_size,)}.items():
            setattr(self, name, nn.Parameter(torch.empty(shape).uniform_(-bound, bound)))

    def forward(self, x, h):
        inner = cell_class(self.input_size, self.hidden_size, nonlinearity=self.nonlinearity)
        zero = torch.zeros_like(self.bias)
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        values = (self.weight_ih, self.weight_hh, self.bias, zero)
        return torch.func.functional_call(inner.to(x.dtype), dict(zip(names, values)), (x, h))
