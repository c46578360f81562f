"""The learners of the documents' table, and how each is made.

Recurrent nets run through the compiled loops of ``loops``.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from experiments.nets.carousel import CAROUSELS, Carousel
from experiments.nets.loops import gru_loop, lstm_loop, rnn_loop
from experiments.nets.parallel import MambaNet, MinGRUNet, S4DNet, TransformerNet
from experiments.nets.stacked import Net, Weights, uniform


class Recurrent(Net):
    """A recurrent layer and a linear readout.

    ``kind``: "tanh" (start uniform in 1/sqrt(hidden)), "orthogonal" (tanh, orthogonal recurrent
    start), "identity" (rectifier, identity start, input weights of deviation 0.001: Le, Jaitly &
    Hinton 2015), "lstm" (with forget gate of bias 1), "gru", or "elman" (tanh; the state of the
    step before is a constant to the gradient: Elman 1990). ``longest``: the chrono start of an LSTM
    or a GRU, gates that keep for 1 to ``longest`` steps (Tallec & Ollivier 2018).
    """

    stacked = True

    def __init__(
        self,
        kind: str,
        inputs: int,
        outputs: int,
        hidden: int,
        every_step: bool,
        longest: int | None = None,
    ) -> None:
        super().__init__()
        self.kind, self.every_step = kind, every_step
        width = {"lstm": 4, "gru": 3}.get(kind, 1) * hidden
        self.w_in = uniform(inputs, width, fan=hidden)
        self.w_back = uniform(hidden, width, fan=hidden)
        self.bias = nn.Parameter(torch.zeros(1, width))
        self.w_out = uniform(hidden, outputs, fan=hidden)
        self.b_out = nn.Parameter(torch.zeros(1, outputs))
        with torch.no_grad():
            if kind == "orthogonal":
                nn.init.orthogonal_(self.w_back)
            if kind == "identity":
                nn.init.eye_(self.w_back)
                self.w_in.normal_(0, 0.001)
            if kind == "lstm":  # net inputs stand in the order i, f, o, g
                self.bias[:, hidden : 2 * hidden] = 1.0
            if longest is not None:
                keep = torch.empty(hidden).uniform_(1, longest - 1).log()
                self.bias[:, hidden : 2 * hidden] = keep
                if kind == "lstm":
                    self.bias[:, :hidden] = -keep

    def answer(self, w: Weights, x: Tensor) -> Tensor:
        seeds, batch, time, _ = x.shape
        net = torch.baddbmm(w["bias"], x.flatten(1, 2), w["w_in"]).view(seeds, batch, time, -1)
        if self.kind == "elman":
            h = self._copy_back(net, w["w_back"])
        elif self.kind == "gru":
            h = gru_loop(net, w["w_back"])
        elif self.kind == "lstm":
            h = lstm_loop(net, w["w_back"])
        else:
            h = rnn_loop(net, w["w_back"], relu=self.kind == "identity")
        h = self.readout(h).reshape(seeds, -1, w["w_out"].shape[1])
        y = torch.baddbmm(w["b_out"], h, w["w_out"])
        return y.view(seeds, batch, time, -1) if self.every_step else y

    def _copy_back(self, net: Tensor, weight: Tensor) -> Tensor:
        """Return the states, whose gradient ends at the step before."""
        with torch.no_grad():
            h = rnn_loop(net, weight)
        before = F.pad(h[:, :, :-1], (0, 0, 1, 0))
        if not self.every_step:
            before, net = before[:, :, -1:], net[:, :, -1:]
        back = torch.bmm(before.flatten(1, 2), weight).view(net.shape)
        return torch.tanh(net + back)


class Window(Net):
    """A time-delay net: a tanh layer over the last ``window`` inputs, and a linear readout.

    Before the start of a sequence the window sees zeros. Source: Waibel et al. 1989, one layer.
    """

    stacked = True

    def __init__(self, inputs: int, outputs: int, window: int, hidden: int, every: bool) -> None:
        super().__init__()
        self.window, self.every_step = window, every
        self.w_in = uniform(window * inputs, hidden, fan=window * inputs)
        self.bias = nn.Parameter(torch.zeros(1, hidden))
        self.w_out = uniform(hidden, outputs, fan=hidden)
        self.b_out = nn.Parameter(torch.zeros(1, outputs))

    def answer(self, w: Weights, x: Tensor) -> Tensor:
        seeds, batch, time, _ = x.shape
        if self.every_step:
            x = F.pad(x, (0, 0, self.window - 1, 0)).unfold(2, self.window, 1)
        else:
            x = x[:, :, -self.window :].unsqueeze(2).transpose(3, 4)
        h = torch.tanh(torch.baddbmm(w["bias"], x.flatten(3).flatten(1, 2), w["w_in"]))
        y = torch.baddbmm(w["b_out"], h, w["w_out"])
        return y.view(seeds, batch, time, -1) if self.every_step else y


Build = Callable[[int, int, bool], Net]

# What a learner is called, and how it is made from inputs, outputs and every_step.
LEARNERS: dict[str, Build] = {
    "bptt": lambda i, o, e: Recurrent("tanh", i, o, 32, e),
    "tdnn": lambda i, o, e: Window(i, o, 8 if e else 20, 32, e),
    "elman": lambda i, o, e: Recurrent("elman", i, o, 32, e),
    "orthogonal": lambda i, o, e: Recurrent("orthogonal", i, o, 32, e),
    "identity": lambda i, o, e: Recurrent("identity", i, o, 32, e),
    "lstm": lambda i, o, e: Recurrent("lstm", i, o, 16, e),
    "lstm-chrono-100": lambda i, o, e: Recurrent("lstm", i, o, 16, e, longest=100),
    "lstm-chrono-1000": lambda i, o, e: Recurrent("lstm", i, o, 16, e, longest=1000),
    "gru-chrono-100": lambda i, o, e: Recurrent("gru", i, o, 16, e, longest=100),
    "gru-chrono-1000": lambda i, o, e: Recurrent("gru", i, o, 16, e, longest=1000),
    "gru": lambda i, o, e: Recurrent("gru", i, o, 16, e),
    **{  # the nets of 1997 with the full gradient, for today's training
        f"lstm1997-adam-{name}": lambda i, o, e, name=name: Carousel(name, i, o, e)
        for name in CAROUSELS
    },
    "mingru": lambda i, o, e: MinGRUNet(i, o, 24, e),
    "s4d": lambda i, o, e: S4DNet(i, o, 12, e),
    "mamba": lambda i, o, e: MambaNet(i, o, 10, e),
    "transformer": lambda i, o, e: TransformerNet(i, o, 12, e, layers=2 if e else 1),
}
