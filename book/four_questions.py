"""The same four questions, asked of every layer of the course with the same instruments.

A chapter that brings a layer adds it to ``LAYERS``. Its page shows the table up to that layer, so
the table grows from chapter to chapter and every row is measured anew where it stands. Nothing
is timed: bytes, operations and gradients are the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from style import Table, table
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from experiments.instruments.probes import gradient_by_lag, serial_steps
from solutions.alignment import AlignmentDecoder, BahdanauDecoder
from solutions.carousel import LSTM1997, NaiveCarousel
from solutions.causal_decoder import CausalDecoder
from solutions.delta import GatedDeltaNet
from solutions.gates import GRU, LSTM
from solutions.layer import SequenceLayer
from solutions.linear_attention import LinearAttention, Retention
from solutions.memory import Encoder, FixedContextDecoder
from solutions.rnn import RNN
from solutions.ssd import Mamba2
from solutions.xlstm import MLSTM, SLSTM

WIDTH = 64
SHORT, LONG = 10, 1000  # tokens read before the question is asked
LAG = 48  # from word 2 to word 50
QUESTIONS = (
    "What is in the state?",
    "How many serial steps in training?",
    "How far does the gradient travel?",
    "What does one more token cost?",
)


class Translation(nn.Module):
    """An encoder that has read the text and a decoder that begins to write, asked as one layer.

    The inputs are the source. What the decoder reads is silence, so that all it knows comes from
    there; one more token is one more to *write*.
    """

    def __init__(self, encoder: Encoder, decoder: AlignmentDecoder | FixedContextDecoder) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x: Tensor) -> tuple[Tensor, Any]:
        """Read a source; return what the decoder says first, and its state."""
        silence = torch.zeros_like(x[:, :1])
        y, state = self.decoder(silence, self.decoder.start(self.encoder(x)))
        return y, state

    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Write one more token."""
        y, state = self.decoder.step(x, state)
        return y, state


def one_vector(width: int) -> Translation:
    """Return an encoder-decoder that hands over the last state."""
    return Translation(Encoder(width, width), FixedContextDecoder(width, width))


def looking_back(width: int) -> Translation:
    """Return an encoder-decoder with additive attention, whose encoder reads ahead as well."""
    return Translation(Encoder(width, width), BahdanauDecoder(width, width, width))


Layer = SequenceLayer[Any] | Translation
# In the order of the chapters; every layer reads and writes vectors of one width.
LAYERS: dict[str, tuple[str, Callable[[int], Layer]]] = {
    "rnn": ("plain recurrent layer", lambda width: RNN(width, width)),
    "carousel": ("naive carousel", lambda width: NaiveCarousel(width, width)),
    "lstm1997": ("LSTM of 1997", lambda width: LSTM1997(width, width, truncated=False)),
    "lstm": ("LSTM, forget gates start at bias 1", lambda width: LSTM(width, width, 1.0)),
    "gru": ("GRU", lambda width: GRU(width, width)),
    "one-vector": ("GRU writes after GRU, one vector", one_vector),
    "looking-back": ("the same, looking back at the source", looking_back),
    "transformer": ("transformer block, with cache", lambda width: CausalDecoder(width, 4, 1, 2)),
    "mamba2": ("Mamba-2, in chunks of 64", lambda width: Mamba2(width, num_heads=4)),
    "delta": ("gated delta rule, in chunks of 64", lambda width: GatedDeltaNet(width, 4)),
    "linear": ("linear attention, in chunks of 64", lambda width: LinearAttention(width, 4)),
    "retnet": ("RetNet, in chunks of 64", lambda width: Retention(width, 4)),
    "mlstm": ("mLSTM, in chunks of 64", lambda width: MLSTM(width, width, 4)),
    "slstm": ("sLSTM", lambda width: SLSTM(width, width, 4)),
}


class Answers(NamedTuple):
    """What one layer answers, after a short and after a long text."""

    state_bytes: tuple[int, int]
    serial_steps: tuple[int, int]
    gradient: float  # by the input LAG steps before, relative to the last input
    operations: tuple[int, int]  # additions and multiplications for one more token

    def in_words(self) -> tuple[str, str, str, str]:
        """Return the answers as they stand in the table, in the order of ``QUESTIONS``."""
        return (
            growth(self.state_bytes, "bytes"),
            growth(self.serial_steps, "operations"),
            f"{self.gradient:.0e} of it is left after {LAG} steps",
            growth(self.operations, "operations"),
        )


def growth(values: tuple[int, int], unit: str) -> str:
    """Return one number if the length of the text does not matter, else both."""
    short, long = values
    return f"{long:,} {unit} at any length" if short == long else f"{short:,} → {long:,} {unit}"


def ask(layer: Layer, width: int = WIDTH) -> Answers:
    """Ask a layer, untrained as it is, the four questions; its output is at least ``width`` wide.

    The inputs are white noise from a seed of their own.
    """
    draws = torch.Generator().manual_seed(0)
    state_bytes, chains, operations = [], [], []
    for length in (SHORT, LONG):
        x = torch.randn(1, length, width, generator=draws)
        y, state = layer(x)
        state_bytes.append(sum(part.numel() * part.element_size() for part in state))
        chains.append(serial_steps(y))
        held = type(state)(*(part.detach() for part in state))  # the counter asks for a history
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            layer.step(x[:, 0], held)
        operations.append(counter.get_total_flops())
    x = torch.randn(8, LAG + 1, width, generator=draws).requires_grad_()
    by_lag = gradient_by_lag(layer(x)[0], x)
    return Answers(
        (state_bytes[0], state_bytes[1]),
        (chains[0], chains[1]),
        (by_lag[LAG] / by_lag[0]).item(),
        (operations[0], operations[1]),
    )


def four_questions(last: str) -> Table:
    """Return the table of all layers up to ``last``, each asked again on this machine.

    Where an answer depends on the length, it is given after SHORT and after LONG tokens. Raises
    KeyError for a layer that no chapter has brought yet.
    """
    if last not in LAYERS:
        raise KeyError(f"no layer {last!r}; known are {', '.join(LAYERS)}")
    rows = []
    for name, (label, make) in LAYERS.items():
        torch.manual_seed(0)
        rows.append((label, *ask(make(WIDTH)).in_words()))
        if name == last:
            break
    return table(["layer", *QUESTIONS], rows)
