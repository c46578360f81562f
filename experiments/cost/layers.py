"""The layers whose cost is measured: how to make each at any width, and its width at equal weights.

Every layer reads and writes vectors of its own width. The widths at equal weights give each
about 66,000 of them, what attention has at width 128; the tests hold them to 6 %.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

EQUAL_WEIGHTS = 66_048  # four maps of 128 by 128 and their biases
STATES = 16  # per channel in S4D, as in Mamba
HEADS = 4

Arguments = dict[str, Any]


@dataclass(frozen=True)
class Layer:
    """One layer of the course.

    ``kind`` names its class as ``measure.build`` takes it; ``width`` is the one at equal
    weights.
    ``depth`` says how its serial steps grow with the length: "steps" (one after another),
    "rounds" (of a parallel scan), "chunks" (of 64 tokens) or "flat". ``for_depth`` are
    arguments that make every serial step appear in the recorded graph, and ``compiled`` says
    that in single precision a compiled kernel would hide them. A state that ``grows`` is a
    cache of all tokens.
    """

    name: str
    kind: str
    arguments: Callable[[int], Arguments]
    width: int
    depth: str
    grows: bool = False
    for_depth: Arguments = field(default_factory=dict)
    compiled: bool = False

    def spec(self, width: int | None = None) -> Arguments:
        """Return what makes the layer, as plain data, at its own width or another."""
        width = self.width if width is None else width
        return {"kind": self.kind, "arguments": self.arguments(width), "width": width}


def _sizes(width: int) -> Arguments:
    return {"input_size": width, "hidden_size": width}


def _model(width: int) -> Arguments:
    return {"d_model": width}


def _states(width: int) -> Arguments:
    return {**_model(width), "states": STATES}


def _heads(width: int) -> Arguments:
    return {"d_model": width, "num_heads": HEADS}


def _cells_in_heads(width: int) -> Arguments:
    return {**_sizes(width), "num_heads": HEADS}


def _blocks_of_two(truncated: bool) -> Callable[[int], Arguments]:
    def arguments(width: int) -> Arguments:
        sizes = {"input_size": width, "blocks": width // 2, "block_size": 2}
        return {**sizes, "truncated": truncated}

    return arguments


def _block(width: int) -> Arguments:
    return {**_heads(width), "positions": "rotary"}


LAYERS = [
    Layer("RNN", "rnn.RNN", _sizes, 181, "steps"),
    # The truncated rule runs its loop unrecorded; the full gradient's graph shows the steps.
    Layer(
        "LSTM of 1997, truncated rule",
        "carousel.LSTM1997",
        _blocks_of_two(True),
        104,
        "steps",
        for_depth={"truncated": False},
    ),
    Layer("LSTM of 1997, full gradient", "carousel.LSTM1997", _blocks_of_two(False), 104, "steps"),
    Layer("LSTM", "gates.LSTM", _sizes, 91, "steps"),
    Layer("peephole LSTM", "gates.PeepholeLSTM", _sizes, 90, "steps"),
    Layer("coupled LSTM", "gates.CoupledLSTM", _sizes, 105, "steps"),
    Layer("GRU", "gates.GRU", lambda width: {**_sizes(width), "reset": "before"}, 105, "steps"),
    Layer("sLSTM", "xlstm.SLSTM", _cells_in_heads, 116, "steps"),
    Layer("minGRU", "min_rnn.MinGRU", _sizes, 181, "rounds", compiled=True),
    Layer("minLSTM", "min_rnn.MinLSTM", _sizes, 148, "rounds", compiled=True),
    # A bare S4D has no map between channels: at equal weights it would be 2,000 channels wide.
    Layer("S4D and GLU", "S4D and GLU", _states, 173, "rounds"),
    Layer("Mamba", "selective.Mamba", _model, 94, "chunks", compiled=True),
    Layer("RWKV", "rwkv.RWKVTimeMixing", _model, 128, "rounds", compiled=True),
    Layer("linear attention", "linear_attention.LinearAttention", _heads, 128, "chunks"),
    Layer("RetNet", "linear_attention.Retention", _heads, 112, "chunks"),
    Layer("Mamba-2", "ssd.Mamba2", _heads, 100, "chunks"),
    Layer("mLSTM", "xlstm.MLSTM", _cells_in_heads, 128, "chunks"),
    Layer("gated DeltaNet", "delta.GatedDeltaNet", _heads, 116, "chunks"),
    Layer("attention", "attention.MultiHeadAttention", _heads, 128, "flat", grows=True),
    Layer(
        "attention in chunks",
        "attention.MultiHeadAttention",
        lambda width: {**_heads(width), "chunk_size": 256},
        128,
        "flat",
        grows=True,
    ),
    Layer("transformer block", "transformer.DecoderBlock", _block, 72, "flat", grows=True),
]
BY_NAME = {layer.name: layer for layer in LAYERS}
