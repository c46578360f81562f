"""The constant error carousel and the LSTM of 1997 that was built around it.

Letters of the equations and names in the code: x = input, s = ``s`` the cells' states,
y = ``y`` all activations of the hidden layer (cells, then input gates, then output gates),
in and out = the gates, net = the net input of a unit, f = the logistic function.
Weights: ``weight_ih`` (units, input) for x(t), ``weight_hh`` (units, units) for y(t-1); their
rows stand in the order of y. Nothing here has a forget gate: see ``solutions.gates``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from solutions.layer import SequenceLayer, check_sequence, check_state, check_token, unroll


class CarouselState(NamedTuple):
    """One number per linear unit."""

    s: Float[Tensor, "batch hidden"]


class NaiveCarousel(SequenceLayer[CarouselState]):
    """Linear units that feed themselves: the carousel without the gates that protect it.

    s(t) = w s(t-1) + W x(t),   y(t) = s(t),   s(0) = 0

    ``self_loop`` is w (hidden), one weight per unit. Error that has gone back k steps has been
    multiplied by w^k: kept for ever at w = 1, lost below, blown up above. W is
    ``weight_ih`` (hidden, input), uniform in [-0.1, 0.1]. x: (batch, time, input),
    y: (batch, time, hidden). Raises ValueError or TypeError naming the wrong argument.
    Source: Hochreiter & Schmidhuber 1997, section 3.2.
    """

    def __init__(self, input_size: int, hidden_size: int, self_loop: float = 1.0) -> None:
        super().__init__()
        if input_size < 1 or hidden_size < 1:
            raise ValueError(f"sizes must be at least 1, got {input_size} and {hidden_size}")
        self.input_size, self.hidden_size = input_size, hidden_size
        ### BEGIN SOLUTION
        self.weight_ih = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-0.1, 0.1))
        self.self_loop = nn.Parameter(torch.full((hidden_size,), float(self_loop)))
        ### END SOLUTION

    def initial_state(self, batch: int) -> CarouselState:
        """Return zeros of shape (batch, hidden)."""
        ### BEGIN SOLUTION
        return CarouselState(self.weight_ih.new_zeros(batch, self.hidden_size))
        ### END SOLUTION

    def step(
        self, x: Float[Tensor, "batch input"], state: CarouselState
    ) -> tuple[Float[Tensor, "batch hidden"], CarouselState]:
        """Read one token; return the units' states, which are also the output."""
        check_token("x", x, self.input_size, like=self.weight_ih)
        check_state("state.s", state.s, (x.shape[0], self.hidden_size), self.weight_ih)
        ### BEGIN SOLUTION
        s = self.self_loop * state.s + x @ self.weight_ih.T
        return s, CarouselState(s)
        ### END SOLUTION

    def forward(
        self, x: Float[Tensor, "batch time input"], state: CarouselState | None = None
    ) -> tuple[Float[Tensor, "batch time hidden"], CarouselState]:
        """Read a whole sequence; ``state`` carries on from an earlier chunk."""
        check_sequence("x", x, self.input_size, like=self.weight_ih)
        return unroll(self, x, state)


class LSTM1997State(NamedTuple):
    """What the LSTM of 1997 remembers: the carousels, and the hidden layer it feeds back."""

    s: Float[Tensor, "*seeds batch cells"]
    y: Float[Tensor, "*seeds batch units"]


# The paper's g and h are 4f(a) - 2 and 2f(a) - 1; as hyperbolic tangents they lose no digits.
G: dict[str, Callable[[Tensor], Tensor]] = {
    "scaled": lambda a: 2 * torch.tanh(a / 2),  # range [-2, 2], slope 1 at 0
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}
H: dict[str, Callable[[Tensor], Tensor]] = {
    "scaled": lambda s: torch.tanh(s / 2),  # range [-1, 1], slope 1/2 at 0
    "tanh": torch.tanh,
    "identity": lambda s: s,
}


def hard_gate(net: Tensor) -> Tensor:
    """Return 0 or 1 (is net above 0?), with the derivative of the logistic function instead."""
    soft = torch.sigmoid(net)
    return soft + ((net > 0).to(net.dtype) - soft).detach()


class LSTM1997(SequenceLayer[LSTM1997State]):
    """A hidden layer of memory-cell blocks, as published in 1997.

    Block j has ``block_size`` cells v that share one input and one output gate:

        in_j(t)   = f(net_in_j(t))            out_j(t) = f(net_out_j(t))
        s_jv(t)   = w s_jv(t-1) + in_j(t) g(net_c_jv(t)),          s(0) = 0
        yc_jv(t)  = out_j(t) h(s_jv(t))
        net_u(t)  = W_u x(t) + U_u y(t-1) + b_u    for every unit u: cells and gates
        y(t)      = [yc(t); in(t); out(t)]          gates feed back too

    with w = ``self_loop`` (1 in the paper), g = 4f - 2 in [-2, 2], h = 2f - 1 in [-1, 1].
    x: (batch, time, input); the output is yc: (batch, time, blocks * block_size).

    ``bias`` says which units have one: "all", "gates" or "none". ``input_gate_bias`` and
    ``output_gate_bias`` are ladders, one start value per block; weights and other biases start
    uniform in [-init_range, init_range]. ``input_gate=False`` or ``output_gate=False`` leaves
    the gate out (it is then 1, and has no weights); blocks of size 1 give every cell gates of
    its own. ``g``: "scaled", "tanh" or "sigmoid"; ``h``: "scaled", "tanh" or "identity";
    ``gate``: "sigmoid" or "hard"; ``recurrent=False`` leaves U out.

    ``truncated=True`` (the paper's rule) makes y(t-1) a constant wherever it enters a net
    input, so error goes back in time through s alone, multiplied by w at each step.
    ``truncated=False`` gives the full gradient. Outputs are the same.

    After ``solutions.nets1997.stack_seeds`` parameters, inputs and states carry one more,
    leading axis: that many independent layers, computed side by side.

    Raises ValueError or TypeError naming the argument that is wrong. Source: Hochreiter &
    Schmidhuber 1997, section 4, appendix A.1 (with today's input, as section 5 has it).
    """

    def __init__(
        self,
        input_size: int,
        blocks: int,
        block_size: int = 1,
        *,
        bias: str = "all",
        input_gate: bool = True,
        output_gate: bool = True,
        input_gate_bias: Sequence[float] | None = None,
        output_gate_bias: Sequence[float] | None = None,
        init_range: float = 0.1,
        self_loop: float = 1.0,
        recurrent: bool = True,
        g: str = "scaled",
        h: str = "scaled",
        gate: str = "sigmoid",
        truncated: bool = True,
    ) -> None:
        super().__init__()
        if min(input_size, blocks, block_size) < 1:
            raise ValueError(
                f"sizes must be at least 1, got {input_size}, {blocks} and {block_size}"
            )
        for name, value, known in [
            ("bias", bias, ("all", "gates", "none")),
            ("g", g, tuple(G)),
            ("h", h, tuple(H)),
            ("gate", gate, ("sigmoid", "hard")),
        ]:
            if value not in known:
                raise ValueError(f"{name} must be one of {known}, got {value!r}")
        self.input_size, self.blocks, self.block_size = input_size, blocks, block_size
        self.input_gate, self.output_gate = input_gate, output_gate
        self.self_loop, self.truncated = self_loop, truncated
        self.g, self.h, self.gate = g, h, gate
        self.cells = blocks * block_size
        self.units = self.cells + blocks * (input_gate + output_gate)
        self.seeds: int | None = None
        self.block_of_cell: Tensor
        block_of_cell = torch.arange(blocks).repeat_interleave(block_size)
        self.register_buffer("block_of_cell", block_of_cell, persistent=False)

        def start(*shape: int) -> nn.Parameter:
            return nn.Parameter(torch.empty(*shape).uniform_(-init_range, init_range))

        self.weight_ih = start(self.units, input_size)
        self.weight_hh = start(self.units, self.units) if recurrent else None
        biased = {"all": self.units, "gates": self.units - self.cells, "none": 0}[bias]
        self.bias = start(biased) if biased else None
        # The gates' biases stand last, input gates before output gates.
        place = -blocks * (input_gate + output_gate)
        for name, present, ladder in [
            ("input_gate_bias", input_gate, input_gate_bias),
            ("output_gate_bias", output_gate, output_gate_bias),
        ]:
            if ladder is not None:
                if not present or self.bias is None or len(ladder) != blocks:
                    raise ValueError(
                        f"{name} must have one entry for each of {blocks} blocks whose gate is "
                        f"present and biased, got {tuple(ladder)} with bias={bias!r}"
                    )
                end = place + blocks
                self.bias.data[place : end or None] = torch.tensor(ladder, dtype=self.bias.dtype)
            place += blocks if present else 0

    def initial_state(self, batch: int) -> LSTM1997State:
        """Return zeros: s (batch, cells) and y (batch, units)."""
        lead = () if self.seeds is None else (self.seeds,)
        return LSTM1997State(
            self.weight_ih.new_zeros(*lead, batch, self.cells),
            self.weight_ih.new_zeros(*lead, batch, self.units),
        )

    def step(
        self, x: Float[Tensor, "*seeds batch input"], state: LSTM1997State
    ) -> tuple[Float[Tensor, "*seeds batch cells"], LSTM1997State]:
        """Read one token; return the cells' outputs and the new state."""
        check_token("x", self._one_seed(x, 3), self.input_size, like=self.weight_ih)
        self._check_state(state, x.shape[-2])
        state = self._advance(self._from_input(x.unsqueeze(-2)).squeeze(-2), state)
        return state.y[..., : self.cells], state

    def forward(
        self, x: Float[Tensor, "*seeds batch time input"], state: LSTM1997State | None = None
    ) -> tuple[Float[Tensor, "*seeds batch time cells"], LSTM1997State]:
        """Read a whole sequence; ``state`` carries on from an earlier chunk.

        Truncated layers run the recurrence once without recording it. All y(t-1) are then
        known constants, so the recorded pass needs no loop: it takes all steps at once.
        """
        check_sequence("x", self._one_seed(x, 4), self.input_size, like=self.weight_ih)
        state = self.initial_state(x.shape[-3]) if state is None else state
        self._check_state(state, x.shape[-3])
        net = self._from_input(x)
        if self.truncated:
            return self._forward_truncated(net, state)
        outputs = []
        for net_t in net.unbind(-2):
            state = self._advance(net_t, state)
            outputs.append(state.y[..., : self.cells])
        return torch.stack(outputs, dim=-2), state

    def _from_input(self, x: Tensor) -> Tensor:
        """Return W x(t) + b of every unit, for all steps at once."""
        net: Tensor = torch.einsum("...bti,...ui->...btu", x, self.weight_ih)
        if self.bias is None:
            return net
        cells_without_bias = self.units - self.bias.shape[-1]
        return net + F.pad(self.bias, (cells_without_bias, 0))[..., None, None, :]

    def _advance(self, net: Tensor, state: LSTM1997State) -> LSTM1997State:
        """Go from t-1 to t, given W x(t) + b."""
        if self.weight_hh is not None:
            y_before = state.y.detach() if self.truncated else state.y
            net = net + y_before @ self.weight_hh.mT
        write, gates = self._write(net)
        s = self.self_loop * state.s + write
        return LSTM1997State(s, self._read(s, gates))

    def _write(self, net: Tensor) -> tuple[Tensor, Tensor]:
        """Return what enters the carousels, in * g(net_c), and the activations of the gates."""
        gates = torch.sigmoid(net[..., self.cells :])
        if self.gate == "hard":
            gates = hard_gate(net[..., self.cells :])
        write = G[self.g](net[..., : self.cells])
        if self.input_gate:
            write = write * gates[..., : self.blocks].index_select(-1, self.block_of_cell)
        return write, gates

    def _read(self, s: Tensor, gates: Tensor) -> Tensor:
        """Return y = [yc; in; out] with yc = out * h(s)."""
        yc = H[self.h](s)
        if self.output_gate:
            yc = yc * gates[..., -self.blocks :].index_select(-1, self.block_of_cell)
        return torch.cat([yc, gates], dim=-1)

    def _forward_truncated(self, net: Tensor, state: LSTM1997State) -> tuple[Tensor, LSTM1997State]:
        """Return what the loop would, with the truncated gradient, from W x + b of all steps."""
        if self.weight_hh is not None:
            y_before, now = [], state
            with torch.no_grad():
                for net_t in net.unbind(-2):
                    y_before.append(now.y)
                    now = self._advance(net_t, now)
            constants = torch.stack(y_before, dim=-2).detach()
            net = net + torch.einsum("...btm,...um->...btu", constants, self.weight_hh)
        write, gates = self._write(net)
        if self.self_loop == 1:
            s = state.s.unsqueeze(-2) + write.cumsum(-2)
        else:
            s_t, states = state.s, []
            for write_t in write.unbind(-2):
                s_t = self.self_loop * s_t + write_t
                states.append(s_t)
            s = torch.stack(states, dim=-2)
        y = self._read(s, gates)
        return y[..., : self.cells], LSTM1997State(s[..., -1, :], y[..., -1, :])

    def _one_seed(self, x: Tensor, ndim: int) -> Tensor:
        """Return what one of the seeds reads (all of x where there is no axis of seeds)."""
        if self.seeds is None:
            return x
        if x.ndim != ndim or x.shape[0] != self.seeds:
            raise ValueError(
                f"x must have {ndim} axes, the first of {self.seeds} seeds, got {tuple(x.shape)}"
            )
        return x[0]

    def _check_state(self, state: LSTM1997State, batch: int) -> None:
        lead = () if self.seeds is None else (self.seeds,)
        check_state("state.s", state.s, (*lead, batch, self.cells), self.weight_ih)
        check_state("state.y", state.y, (*lead, batch, self.units), self.weight_ih)
