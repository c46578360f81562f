"""The nets of the 1997 experiments: hidden layer, logistic outputs, start values, many seeds."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from solutions.carousel import LSTM1997, LSTM1997State
from solutions.layer import SequenceLayer


class LSTM1997Net(SequenceLayer[LSTM1997State]):
    """The LSTM of 1997 with its output layer.

    o_k(t) = f(V_k yc(t) + c_k)              connectivity "F": outputs see the cells
    o_k(t) = f(V_k [yc(t); x(t)] + c_k)      connectivity "B": outputs see the inputs too

    ``weight_out`` is V (output, cells or cells + input), ``bias_out`` is c or None; both start
    uniform in [-init_range, init_range]. x: (batch, time, input), o: (batch, time, output),
    in (0, 1). Any other keyword goes to ``LSTM1997``. The paper trains on squared error,
    sum_k (target_k - o_k)^2 / 2. Source: Hochreiter & Schmidhuber 1997, sections 4 and 5.
    """

    def __init__(
        self,
        input_size: int,
        output_size: int,
        blocks: int,
        block_size: int = 1,
        *,
        connectivity: str = "F",
        output_bias: bool = True,
        init_range: float = 0.1,
        **hidden: Any,
    ) -> None:
        super().__init__()
        if connectivity not in ("F", "B"):
            raise ValueError(f"connectivity must be 'F' or 'B', got {connectivity!r}")
        if output_size < 1:
            raise ValueError(f"output_size must be at least 1, got {output_size}")
        self.connectivity = connectivity
        self.hidden = LSTM1997(input_size, blocks, block_size, init_range=init_range, **hidden)
        sees = self.hidden.cells + (input_size if connectivity == "B" else 0)
        self.weight_out = nn.Parameter(
            torch.empty(output_size, sees).uniform_(-init_range, init_range)
        )
        self.bias_out = (
            nn.Parameter(torch.empty(output_size).uniform_(-init_range, init_range))
            if output_bias
            else None
        )

    def initial_state(self, batch: int) -> LSTM1997State:
        """Return the hidden layer's zeros."""
        return self.hidden.initial_state(batch)

    def step(
        self, x: Float[Tensor, "*seeds batch input"], state: LSTM1997State
    ) -> tuple[Float[Tensor, "*seeds batch output"], LSTM1997State]:
        """Read one token; return the outputs and the hidden layer's new state."""
        yc, state = self.hidden.step(x, state)
        return self._outputs(yc.unsqueeze(-2), x.unsqueeze(-2)).squeeze(-2), state

    def forward(
        self, x: Float[Tensor, "*seeds batch time input"], state: LSTM1997State | None = None
    ) -> tuple[Float[Tensor, "*seeds batch time output"], LSTM1997State]:
        """Read a whole sequence; ``state`` carries on from an earlier chunk."""
        yc, state = self.hidden(x, state)
        return self._outputs(yc, x), state

    def _outputs(self, yc: Tensor, x: Tensor) -> Tensor:
        seen = torch.cat([yc, x], dim=-1) if self.connectivity == "B" else yc
        net = torch.einsum("...btm,...km->...btk", seen, self.weight_out)
        if self.bias_out is not None:
            net = net + self.bias_out[..., None, None, :]
        return torch.sigmoid(net)


@dataclass(frozen=True)
class NetSpec:
    """One row of the paper's Table 10: everything that makes up a net, and its learning rate."""

    input_size: int
    output_size: int
    blocks: int
    block_size: int
    rate: float
    bias: str = "all"
    output_bias: bool = True
    input_gate_bias: tuple[float, ...] | None = None  # None: random like every other weight
    output_gate_bias: tuple[float, ...] | None = None
    init_range: float = 0.1
    connectivity: str = "F"
    input_gate: bool = True
    output_gate: bool = True
    recurrent: bool = True
    g: str = "scaled"
    h: str = "scaled"

    def build(self, **changes: Any) -> LSTM1997Net:
        """Return a fresh net; ``changes`` are keywords of LSTM1997Net that differ from the row."""
        keywords = {k: v for k, v in vars(self).items() if k != "rate"}
        return LSTM1997Net(**{**keywords, **changes})


# Experiment 2a: a conventional self-recurrent unit's place is taken by one cell with an input
# gate only; experiment 2b uses the same net. Both have p = 100: 99 symbols and x, y.
_TWO_SYMBOLS = NetSpec(
    101, 101, 1, 1, rate=1.0, bias="none", output_bias=False, init_range=0.2, connectivity="B",
    output_gate=False, recurrent=False, g="sigmoid", h="identity",
)  # fmt: skip
_SIGNAL = NetSpec(
    1, 1, 3, 1, rate=1.0, output_bias=False,
    input_gate_bias=(-1.0, -3.0, -5.0), output_gate_bias=(-2.0, -4.0, -6.0),
)  # fmt: skip
_REBER = NetSpec(
    7, 7, 3, 2, rate=0.5, bias="gates", output_bias=False, output_gate_bias=(-1.0, -2.0, -3.0),
    init_range=0.2,
)  # fmt: skip
_ADDING = NetSpec(2, 1, 2, 2, rate=0.5, input_gate_bias=(-3.0, -6.0))

# Source: Hochreiter & Schmidhuber 1997, Table 10 with sections 5.1 to 5.6.
EXPERIMENTS: dict[str, NetSpec] = {
    "reber-3x2": _REBER,
    "reber-4x1": replace(_REBER, blocks=4, block_size=1, output_gate_bias=(-1.0, -2.0, -3.0, -4.0)),
    "two-sequences": _TWO_SYMBOLS,  # 2a
    "random-middle": _TWO_SYMBOLS,  # 2b
    **{  # 2c: p distractors, e, b, x, y
        f"distractors-{p}": NetSpec(
            p + 4, 2, 2, 1, rate=0.01, bias="none", output_bias=False, init_range=0.2
        )
        for p in (50, 100, 200, 500, 1000)
    },
    "signal": _SIGNAL,  # 3a
    "noisy-signal": _SIGNAL,  # 3b
    "noisy-target": replace(_SIGNAL, rate=0.1),  # 3c
    "adding": _ADDING,
    "multiplication": replace(_ADDING, rate=0.1, input_gate_bias=None),
    "order-4": NetSpec(8, 4, 2, 2, rate=0.5, input_gate_bias=(-2.0, -4.0)),  # 6a
    "order-8": NetSpec(8, 8, 3, 2, rate=0.1, input_gate_bias=(-2.0, -4.0, -6.0)),  # 6b
}


def experiment_net(name: str, **changes: Any) -> LSTM1997Net:
    """Return the net of one of the paper's experiments, freshly drawn.

    ``name`` is a key of EXPERIMENTS; ``changes`` are keywords of LSTM1997Net, such as
    ``self_loop=0.99`` or ``truncated=False``. Raises ValueError for an unknown name.
    """
    if name not in EXPERIMENTS:
        raise ValueError(f"name must be one of {sorted(EXPERIMENTS)}, got {name!r}")
    return EXPERIMENTS[name].build(**changes)


def stack_seeds(nets: Sequence[LSTM1997Net]) -> LSTM1997Net:
    """Return one net that is all of ``nets`` side by side, along a leading axis.

    Parameters become (seeds, ...), x (seeds, batch, time, input), o (seeds, batch, time,
    output). The nets share no weight, so the sum of their losses has each net's own gradient,
    and any optimizer that works weight by weight trains them independently. Small nets spend
    their time on the number of operations, not on their size: ten of them cost little more
    than one. ``nets`` are left as they are. Raises ValueError unless they are built alike.
    """
    if not nets:
        raise ValueError("nets must hold at least one net, got none")
    stacked = copy.deepcopy(nets[0])
    for net in nets:
        if _build(net) != _build(stacked):
            raise ValueError("nets must be built alike and not be stacks themselves")
    for name, parameter in list(stacked.named_parameters()):
        values = torch.stack([net.get_parameter(name).detach() for net in nets])
        owner = stacked.get_submodule(name.rpartition(".")[0])
        setattr(owner, name.rpartition(".")[2], nn.Parameter(values, parameter.requires_grad))
    stacked.hidden.seeds = len(nets)
    return stacked


def unstack_seeds(stacked: LSTM1997Net) -> list[LSTM1997Net]:
    """Return the nets of a stack, each with a copy of its own weights: undoes stack_seeds."""
    if stacked.hidden.seeds is None:
        raise ValueError("stacked must come from stack_seeds, got a single net")
    nets = []
    for seed in range(stacked.hidden.seeds):
        net = copy.deepcopy(stacked)
        for name, parameter in list(net.named_parameters()):
            owner = net.get_submodule(name.rpartition(".")[0])
            value = nn.Parameter(parameter.detach()[seed].clone(), parameter.requires_grad)
            setattr(owner, name.rpartition(".")[2], value)
        net.hidden.seeds = None
        nets.append(net)
    return nets


def _build(net: LSTM1997Net) -> tuple[object, ...]:
    """Return everything about a net but its weights."""
    options = {
        name: value
        for name, value in vars(net.hidden).items()
        if not name.startswith("_") and name != "training"
    }
    shapes = {name: tuple(p.shape) for name, p in net.named_parameters()}
    return options, shapes, net.connectivity
