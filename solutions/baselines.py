"""The ones that lost: four ways around a long time lag that are not gates.

A time-delay net looks through a window, a NARX net feeds its own outputs back over several
delays, a history compressor leaves out what it could foresee, and weight guessing does not
learn at all. Each still wins somewhere: the window is the first layer of a convolutional net,
the delays are skip connections through time, and guessing solves several of the tasks that
were once thought to need long memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from solutions.layer import SequenceLayer, check_sequence, check_state, check_token, unroll
from solutions.rnn import RNNCell


def _start(fan_in: int, *shape: int) -> nn.Parameter:
    bound = 1 / math.sqrt(fan_in)
    return nn.Parameter(torch.empty(*shape).uniform_(-bound, bound))


def _check_at_least_one(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1, got {size}")


class DelayState(NamedTuple):
    """The inputs a time-delay net still sees, oldest first."""

    past: Float[Tensor, "batch delays input"]


class TimeDelayNet(SequenceLayer[DelayState]):
    """A net that sees the last ``window`` inputs and nothing else.

    h(t) = tanh( sum_{k=0}^{window-1} W_k x(t-k) + b ),   y(t) = V h(t) + c,   x(t) = 0 for t < 1

    ``weight`` holds W_k as (hidden, input, window), k = 0 last, so that it lies on the window as
    time runs. Nothing older than ``window`` - 1 steps can reach the output, and no error decays
    on its way. x: (batch, time, input), y: (batch, time, output). Source: Lang, Waibel & Hinton
    1990 (one hidden layer).
    """

    def __init__(self, input_size: int, hidden_size: int, output_size: int, window: int) -> None:
        super().__init__()
        _check_at_least_one(
            input_size=input_size, hidden_size=hidden_size, output_size=output_size, window=window
        )
        self.input_size, self.window = input_size, window
        self.weight = _start(input_size * window, hidden_size, input_size, window)
        self.bias = _start(input_size * window, hidden_size)
        self.output = nn.Linear(hidden_size, output_size)

    def initial_state(self, batch: int) -> DelayState:
        """Return a past of zeros: (batch, window - 1, input)."""
        return DelayState(self.weight.new_zeros(batch, self.window - 1, self.input_size))

    def step(
        self, x: Float[Tensor, "batch input"], state: DelayState
    ) -> tuple[Float[Tensor, "batch output"], DelayState]:
        """Read one token; return the output and the window, moved on by one."""
        check_token("x", x, self.input_size, like=self.weight)
        y, state = self(x.unsqueeze(1), state)
        return y.squeeze(1), state

    def forward(
        self, x: Float[Tensor, "batch time input"], state: DelayState | None = None
    ) -> tuple[Float[Tensor, "batch time output"], DelayState]:
        """Read a whole sequence: every step at once, there is nothing to wait for."""
        check_sequence("x", x, self.input_size, like=self.weight)
        past = (self.initial_state(x.shape[0]) if state is None else state).past
        check_state("state.past", past, (x.shape[0], self.window - 1, x.shape[2]), self.weight)
        seen = torch.cat([past, x], dim=1)
        windows = seen.unfold(1, self.window, 1)  # (batch, time, input, window)
        h = torch.tanh(torch.einsum("btik,hik->bth", windows, self.weight) + self.bias)
        return self.output(h), DelayState(seen[:, x.shape[1] :])


class NARXState(NamedTuple):
    """The inputs and outputs a NARX net still sees, oldest first."""

    past_x: Float[Tensor, "batch input_delays input"]
    past_y: Float[Tensor, "batch output_delays output"]


class NARX(SequenceLayer[NARXState]):
    """A net whose memory is its own outputs, fed back over several delays.

    h(t) = tanh( sum_{k=0}^{window-1} W_k x(t-k) + sum_{k=1}^{delays} U_k y(t-k) + b )
    y(t) = V h(t) + c,                       x(t) = 0 and y(t) = 0 for t < 1

    Error that goes back n steps may take n / ``delays`` jumps: the exponent of its decay is
    divided by ``delays``, the decay itself stays exponential. ``weight_ih`` holds W_k as
    (hidden, input, window), ``weight_hh`` U_k as (hidden, output, delays), latest last. Source:
    Lin, Horne, Tino & Giles 1996 (with one hidden layer).
    """

    def __init__(
        self, input_size: int, hidden_size: int, output_size: int, window: int, delays: int
    ) -> None:
        super().__init__()
        _check_at_least_one(
            input_size=input_size,
            hidden_size=hidden_size,
            output_size=output_size,
            window=window,
            delays=delays,
        )
        self.input_size, self.output_size = input_size, output_size
        self.window, self.delays = window, delays
        fan_in = input_size * window + output_size * delays
        self.weight_ih = _start(fan_in, hidden_size, input_size, window)
        self.weight_hh = _start(fan_in, hidden_size, output_size, delays)
        self.bias = _start(fan_in, hidden_size)
        self.output = nn.Linear(hidden_size, output_size)

    def initial_state(self, batch: int) -> NARXState:
        """Return zeros: (batch, window - 1, input) and (batch, delays, output)."""
        return NARXState(
            self.bias.new_zeros(batch, self.window - 1, self.input_size),
            self.bias.new_zeros(batch, self.delays, self.output_size),
        )

    def step(
        self, x: Float[Tensor, "batch input"], state: NARXState
    ) -> tuple[Float[Tensor, "batch output"], NARXState]:
        """Read one token; return the output, and both delay lines moved on by one."""
        check_token("x", x, self.input_size, like=self.bias)
        batch = x.shape[0]
        check_state("state.past_x", state.past_x, (batch, self.window - 1, x.shape[1]), self.bias)
        check_state("state.past_y", state.past_y, (batch, self.delays, self.output_size), self.bias)
        seen = torch.cat([state.past_x, x.unsqueeze(1)], dim=1)
        net = torch.einsum("bki,hik->bh", seen, self.weight_ih) + self.bias
        net = net + torch.einsum("bko,hok->bh", state.past_y, self.weight_hh)
        y = self.output(torch.tanh(net))
        past_y = torch.cat([state.past_y[:, 1:], y.unsqueeze(1)], dim=1)
        return y, NARXState(seen[:, 1:], past_y)

    def forward(
        self, x: Float[Tensor, "batch time input"], state: NARXState | None = None
    ) -> tuple[Float[Tensor, "batch time output"], NARXState]:
        """Read a whole sequence; ``state`` carries on from an earlier chunk."""
        check_sequence("x", x, self.input_size, like=self.bias)
        return unroll(self, x, state)


class CompressorState(NamedTuple):
    """Both nets' hidden units, what the lower one expects next, and the chunker's clock."""

    low: Float[Tensor, "batch low"]
    high: Float[Tensor, "batch high"]
    expected: Float[Tensor, "batch symbols"]
    silence: Float[Tensor, "batch 1"]


class HistoryCompressor(SequenceLayer[CompressorState]):
    """Two nets: the automatizer predicts every symbol, the chunker reads only its surprises.

    low(t)  = tanh(W x(t) + U low(t-1) + b),   p(t) = softmax(A low(t) + a)     the automatizer
    surprise(t): max_k |x_k(t) - p_k(t-1)| > tolerance                      always true at t = 1
    high(t) = tanh(W' [x(t); log(1 + d)] + U' high(t-1) + b')  at a surprise, else high(t-1)
    y(t)    = [A low(t) + a;  C high(t) + c]

    with d the number of foreseen symbols since the last surprise. x(t) is one-hot over
    ``symbols``. The output is two sets of logits: for the next symbol, by the automatizer, and
    for the next *surprising* symbol, by the chunker. What the automatizer foresees carries no
    information, so the chunker's sequence is shorter and its time lags with it; where nothing
    can be foreseen, nothing is gained. x: (batch, time, symbols), y: (batch, time, 2 symbols).
    Source: Schmidhuber 1992 ("history compression").
    """

    def __init__(self, symbols: int, low_size: int, high_size: int, tolerance: float = 0.3) -> None:
        super().__init__()
        _check_at_least_one(symbols=symbols, low_size=low_size, high_size=high_size)
        if not 0 < tolerance < 1:
            raise ValueError(f"tolerance must lie between 0 and 1, got {tolerance}")
        self.symbols, self.tolerance = symbols, tolerance
        self.automatizer = RNNCell(symbols, low_size)
        self.predict = nn.Linear(low_size, symbols)
        self.chunker = RNNCell(symbols + 1, high_size)
        self.predict_surprise = nn.Linear(high_size, symbols)
        self.imitate = nn.Linear(low_size, high_size)  # used by ``losses`` only

    def initial_state(self, batch: int) -> CompressorState:
        """Return zeros: nothing is expected, so the first symbol is a surprise."""
        zeros = self.predict.weight.new_zeros
        return CompressorState(
            zeros(batch, self.automatizer.hidden_size),
            zeros(batch, self.chunker.hidden_size),
            zeros(batch, self.symbols),
            zeros(batch, 1),
        )

    def step(
        self, x: Float[Tensor, "batch symbols"], state: CompressorState
    ) -> tuple[Float[Tensor, "batch logits"], CompressorState]:
        """Read one symbol; return both nets' logits and the new state."""
        check_token("x", x, self.symbols, like=self.predict.weight)
        for name, part, start in zip(
            state._fields, state, self.initial_state(x.shape[0]), strict=True
        ):
            check_state(f"state.{name}", part, tuple(start.shape), self.predict.weight)
        surprise = self.surprising(x, state.expected).unsqueeze(-1)
        low = self.automatizer(x, state.low)
        logits = self.predict(low)
        told = torch.cat([x, torch.log1p(state.silence)], dim=-1)
        high = torch.where(surprise, self.chunker(told, state.high), state.high)
        silence = torch.where(surprise, torch.zeros_like(state.silence), state.silence + 1)
        y = torch.cat([logits, self.predict_surprise(high)], dim=-1)
        return y, CompressorState(low, high, torch.softmax(logits, dim=-1), silence)

    def forward(
        self, x: Float[Tensor, "batch time symbols"], state: CompressorState | None = None
    ) -> tuple[Float[Tensor, "batch time logits"], CompressorState]:
        """Read a whole sequence; ``state`` carries on from an earlier chunk."""
        check_sequence("x", x, self.symbols, like=self.predict.weight)
        return unroll(self, x, state)

    def surprising(
        self, x: Float[Tensor, "*any symbols"], expected: Float[Tensor, "*any symbols"]
    ) -> Bool[Tensor, "*any"]:
        """Say which symbols differ from what was expected by more than the tolerance."""
        return (x - expected).abs().amax(dim=-1) > self.tolerance

    def losses(self, x: Float[Tensor, "batch time symbols"]) -> tuple[Tensor, Tensor, Tensor]:
        """Return what the automatizer, the chunker, and their collapse into one net minimise.

        1. the automatizer's cross-entropy for x(t+1), all t
        2. the chunker's cross-entropy for x(t+1), those t where x(t+1) is a surprise
        3. the mean of (imitation of high(t) from low(t) - high(t))^2, high(t) being the teacher:
           to know what the chunker knows, the automatizer must bridge the lag itself

        Each is a mean; loss 2 is zero where nothing surprises. Needs at least two symbols.
        """
        check_sequence("x", x, self.symbols, like=self.predict.weight)
        if x.shape[1] < 2:
            raise ValueError(f"x must hold at least two time steps, got {tuple(x.shape)}")
        state, low_logits, high_logits, gaps, expected = self.initial_state(len(x)), [], [], [], []
        for x_t in x.unbind(dim=1):
            y_t, state = self.step(x_t, state)
            low_logits.append(y_t[:, : self.symbols])
            high_logits.append(y_t[:, self.symbols :])
            expected.append(state.expected)
            gaps.append((self.imitate(state.low) - state.high.detach()).pow(2).mean())
        next_symbol = x[:, 1:].argmax(dim=-1)  # (batch, time - 1)
        low = torch.stack(low_logits[:-1], dim=2)  # (batch, symbols, time - 1)
        high = torch.stack(high_logits[:-1], dim=2)
        surprise = self.surprising(x[:, 1:], torch.stack(expected[:-1], dim=1))
        each = F.cross_entropy(high, next_symbol, reduction="none") * surprise
        by_chunker = each.sum() / surprise.sum().clamp(min=1)
        return F.cross_entropy(low, next_symbol), by_chunker, torch.stack(gaps).mean()


class Guess(NamedTuple):
    """How weight guessing ended: solved or out of guesses, and how many it made."""

    solved: bool
    guesses: int


def guess_weights(
    net: nn.Module,
    solves: Callable[[], bool],
    max_guesses: int,
    scale: float = 10.0,
    generator: torch.Generator | None = None,
) -> Guess:
    """Draw all weights uniformly from [-scale, scale] until ``solves()`` is true.

    No gradient, no memory of earlier guesses: the fraction of weight space that solves a task
    is all that counts. A task that falls this way says little about a learning rule. ``net``
    keeps the last guess. Raises ValueError for ``max_guesses`` below 1 or ``scale`` not above
    0. Source: Schmidhuber & Hochreiter 1996 ("Guessing can outperform many long time lag
    algorithms").
    """
    _check_at_least_one(max_guesses=max_guesses)
    if not scale > 0:
        raise ValueError(f"scale must be above 0, got {scale}")
    with torch.no_grad():
        for guess in range(1, max_guesses + 1):
            for p in net.parameters():
                p.uniform_(-scale, scale, generator=generator)
            if solves():
                return Guess(True, guess)
    return Guess(False, max_guesses)
