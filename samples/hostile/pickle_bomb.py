"""Parameters and answers that run code in whoever unpickles them.

Deserves: nothing
"""

# %% prelude
import os


class Bomb:
    def __reduce__(self):
        return os.system, ("touch /tmp/hostile-pickle; echo pickle bomb went off",)


# %% rnn-cell
class RNNCell(nn.Module):
    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()
        self.weight_ih = nn.Parameter(torch.zeros(hidden_size, input_size))

    def __reduce__(self):
        return Bomb().__reduce__()

    def state_dict(self, *args, **kwargs):
        return {"weight_ih": Bomb(), "weight_hh": Bomb(), "bias": Bomb()}

    def forward(self, x, h):
        return Bomb()


# %% bptt
def bptt(x, h0, h, weight_ih, weight_hh, grad_h):
    return BPTTGradients(Bomb(), Bomb(), Bomb(), Bomb(), Bomb())


# %% clip-gradients
def clip_gradients(gradients, max_norm):
    return [Bomb() for _ in gradients], Bomb()
