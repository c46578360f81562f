"""The 1997 nets as learners of a contest: full gradient, whatever trains them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from experiments.nets.carousel_loop import Loop
from experiments.nets.stacked import Net, Weights
from solutions.nets1997 import EXPERIMENTS

CAROUSELS = tuple(name for name, spec in EXPERIMENTS.items() if spec.output_gate and spec.recurrent)


class Carousel(Net):
    """A net of ``solutions.nets1997`` with both gates, its start and wiring; outputs in (0, 1).

    Biases that the net does not have are zero and do not learn.
    """

    stacked = True
    logistic = True

    def __init__(self, name: str, inputs: int, outputs: int, every_step: bool) -> None:
        super().__init__()
        net = EXPERIMENTS[name].build(input_size=inputs, output_size=outputs, truncated=False)
        hidden = net.hidden
        if not hidden.input_gate or not hidden.output_gate or hidden.weight_hh is None:
            raise ValueError(f"{name!r} has no gates or no recurrent weights")
        self.every_step, self.layer = every_step, [hidden]  # in a list: not a module of this one
        self.w_in, self.w_back = (
            nn.Parameter(p.detach()) for p in (hidden.weight_ih.T, hidden.weight_hh)
        )
        self.w_out = nn.Parameter(net.weight_out.detach().T)
        self.bias = None if hidden.bias is None else nn.Parameter(hidden.bias.detach().unsqueeze(0))
        self.b_out = (
            None if net.bias_out is None else nn.Parameter(net.bias_out.detach().unsqueeze(0))
        )

    def answer(self, w: Weights, x: Tensor) -> Tensor:
        seeds, batch, time = x.shape[:3]
        if x.is_floating_point():
            net = torch.bmm(x.flatten(1, 2), w["w_in"])
        else:  # symbols
            places = x.flatten(1).unsqueeze(-1).expand(-1, -1, w["w_in"].shape[-1])
            net = w["w_in"].gather(1, places)
        if "bias" in w:  # biases stand last, the gates' behind the cells'
            bias = w["bias"]
            net = net + nn.functional.pad(bias, (net.shape[-1] - bias.shape[-1], 0))
        h = Loop.apply(net.view(seeds, batch, time, -1), w["w_back"], self.layer[0])
        h = self.readout(h)
        y = torch.bmm(h.reshape(seeds, -1, h.shape[-1]), w["w_out"])
        y = torch.sigmoid(y + w["b_out"] if "b_out" in w else y)
        return y.view(seeds, batch, time, -1) if self.every_step else y
