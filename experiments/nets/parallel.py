"""The learners whose layers need no loop over time: minGRU, S4D, Mamba and a transformer.

Weights, starts and equations are those of ``solutions``; the tests hold the outputs to it.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from experiments.nets.scans import filter_loop, leak_loop, select_loop
from experiments.nets.stacked import Net, Weights, uniform
from solutions.min_rnn import MinGRU
from solutions.selective import Mamba
from solutions.ssm import DiagonalSSM
from solutions.transformer import DecoderBlock, TransformerConfig


class MinGRUNet(Net):
    """Two minGRU layers (Feng et al. 2024; ``solutions.min_rnn``) and a small readout net."""

    stacked = True

    def __init__(self, inputs: int, outputs: int, hidden: int, every_step: bool) -> None:
        super().__init__()
        self.every_step = every_step
        for k, size in enumerate((inputs, hidden), 1):
            layer = MinGRU(size, hidden)
            both = (layer.update, layer.candidate)
            self.register_parameter(
                f"w{k}", nn.Parameter(torch.cat([p.weight.detach().T for p in both], 1))
            )
            self.register_parameter(
                f"b{k}", nn.Parameter(torch.cat([p.bias.detach() for p in both]).unsqueeze(0))
            )
        with torch.no_grad():  # gates that keep for 1 to 1000 steps: Tallec & Ollivier 2018
            for bias in (self.b1, self.b2):
                bias[:, :hidden] = -torch.empty(hidden).uniform_(0, math.log(1000))
        self.w3, self.b3 = uniform(hidden, 16, fan=hidden), uniform(1, 16, fan=hidden)
        self.w4, self.b4 = uniform(16, outputs, fan=16), uniform(1, outputs, fan=16)

    def answer(self, w: Weights, x: Tensor) -> Tensor:
        lead = x.shape[:3]
        for k in "12":
            net = torch.baddbmm(w["b" + k], x.flatten(1, 2), w["w" + k])
            x = leak_loop(net.view(*lead, -1))
        x = self.readout(x)
        h = F.gelu(torch.baddbmm(w["b3"], x.reshape(len(x), -1, x.shape[-1]), w["w3"]))
        y = torch.baddbmm(w["b4"], h, w["w4"])
        return y.view(*lead, -1) if self.every_step else y


class S4DNet(Net):
    """Two blocks x + GLU(gelu(S4D(x))) between a linear encoder and a linear readout.

    The filters are those of ``solutions.ssm.DiagonalSSM`` with its start.
    """

    stacked = True

    def __init__(
        self, inputs: int, outputs: int, width: int, every_step: bool, states: int = 16
    ) -> None:
        super().__init__()
        self.every_step = every_step
        self.w_in, self.b_in = uniform(inputs, width, fan=inputs), uniform(1, width, fan=inputs)
        self.w_out, self.b_out = uniform(width, outputs, fan=width), uniform(1, outputs, fan=width)
        for k in "12":
            for name, value in DiagonalSSM(width, states).named_parameters():
                self.register_parameter(name + k, nn.Parameter(value.detach()))
            self.register_parameter("mix" + k, uniform(width, 2 * width, fan=width))
            self.register_parameter("bias" + k, uniform(1, 2 * width, fan=width))

    def answer(self, w: Weights, x: Tensor) -> Tensor:
        seeds, batch, time, _ = x.shape
        x = torch.baddbmm(w["b_in"], x.flatten(1, 2), w["w_in"]).view(seeds, batch, time, -1)
        for k in "12":
            A = torch.complex(-w["log_decay" + k].exp(), w["frequency" + k])
            a = (w["log_step" + k].exp().unsqueeze(-1) * A).exp()
            C = torch.complex(*w["C" + k].unbind(-1))
            c = 2 * C * (a - 1) / A  # zero-order hold
            y = filter_loop(x, a, c) + w["D" + k][:, None, None] * x
            if k == "2":
                x, y = self.readout(x), self.readout(y)
            mixed = torch.baddbmm(
                w["bias" + k], F.gelu(y.reshape(seeds, -1, y.shape[-1])), w["mix" + k]
            )
            x = x + F.glu(mixed, dim=-1).view(x.shape)
        y = torch.baddbmm(w["b_out"], x.reshape(seeds, -1, x.shape[-1]), w["w_out"])
        return y.view(seeds, batch, time, -1) if self.every_step else y


class MambaNet(Net):
    """A Mamba block x + Mamba(norm(x)) between a linear encoder and a small readout net.

    The block's weights and start are those of ``solutions.selective.Mamba``; the norm has no
    weights of its own.
    """

    stacked = True

    def __init__(
        self, inputs: int, outputs: int, width: int, every_step: bool, states: int = 4
    ) -> None:
        super().__init__()
        self.every_step, self.states = every_step, states
        block = Mamba(width, states)
        self.inner, self.rank = block.inner, block.split[0]
        self.w_in, self.b_in = uniform(inputs, width, fan=inputs), uniform(1, width, fan=inputs)
        for name, value in block.named_parameters():
            transposed = name.endswith(".weight")
            value = value.detach().T if transposed else value.detach()
            self.register_parameter(name.replace(".", "_"), nn.Parameter(value.contiguous()))
        self.w3, self.b3 = uniform(width, 16, fan=width), uniform(1, 16, fan=width)
        self.w4, self.b4 = uniform(16, outputs, fan=16), uniform(1, outputs, fan=16)

    def answer(self, w: Weights, x: Tensor) -> Tensor:
        lead = x.shape[:3]
        x = torch.baddbmm(w["b_in"], x.flatten(1, 2), w["w_in"]).view(*lead, -1)
        x = self.readout(x) + self.block(w, F.layer_norm(x, x.shape[-1:]))
        h = F.gelu(torch.baddbmm(w["b3"], x.reshape(len(x), -1, x.shape[-1]), w["w3"]))
        y = torch.baddbmm(w["b4"], h, w["w4"])
        return y.view(*lead, -1) if self.every_step else y

    def block(self, w: Weights, x: Float[Tensor, "seed batch time width"]) -> Tensor:
        """Return what Mamba adds to the states that are read."""
        lead, wide = x.shape[:3], lambda part: part[:, None, None]
        u, z = torch.bmm(x.flatten(1, 2), w["inputs_weight"]).view(*lead, -1).chunk(2, -1)
        kernel = w["conv_weight"]
        padded = F.pad(u, (0, 0, kernel.shape[1] - 1, 0))
        u = sum(wide(kernel[:, j]) * padded[:, :, j : j + lead[2]] for j in range(kernel.shape[1]))
        u = F.silu(u + wide(w["conv_bias"]))
        chosen = torch.bmm(u.flatten(1, 2), w["select_weight"]).view(*lead, -1)
        low, B, C = chosen.split((self.rank, self.states, self.states), -1)
        step = torch.bmm(low.flatten(1, 2), w["step_size_weight"]).view(*lead, -1)
        delta = F.softplus(step + wide(w["step_size_bias"]))
        A = -w["log_A"].exp().mT[:, None, None]  # (seed, 1, 1, state, inner)
        y = select_loop((delta.unsqueeze(-2) * A).exp(), delta * u, B, C)
        y, u, z = (self.readout(part) for part in (y, u, z))
        skip = w["D"].view(-1, *[1] * (y.ndim - 2), self.inner)
        y = (y + skip * u) * F.silu(z)
        return torch.bmm(y.flatten(1, -2), w["out_weight"]).view(*y.shape[:-1], -1)


class TransformerNet(Net):
    """A causal transformer with sinusoidal positions; its last block asks only what is read."""

    def __init__(
        self, inputs: int, outputs: int, width: int, every_step: bool, layers: int
    ) -> None:
        super().__init__()
        self.every_step = every_step
        config = TransformerConfig(width, 2, layers, feed_size=2 * width)
        self.encode, self.out = nn.Linear(inputs, width), nn.Linear(width, outputs)
        self.positions, self.last_norm = config.added_positions(), config.last_norm()
        self.blocks = nn.ModuleList(DecoderBlock(config) for _ in range(layers))

    def forward(self, x: Float[Tensor, "batch time input"]) -> Tensor:
        x = self.positions(self.encode(x))
        blocks = list(self.blocks)
        for block in blocks if self.every_step else blocks[:-1]:
            x = block(x)[0]
        if not self.every_step:  # the last step may attend to all steps: no mask needed
            block, a = blocks[-1], blocks[-1].norm1(x)
            last = x[:, -1:] + block.attention.attend(a[:, -1:], block.attention.read(a))
            x = last + block.feed_forward(block.norm2(last))
        return self.out(self.last_norm(self.readout(x)))
