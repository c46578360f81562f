"""Which nets read lines: at equal width, at equal weights, and given equal time."""

from __future__ import annotations

from typing import Any

from experiments.ablations.protocols import Variants

LINES = {"training": 1500, "held_out": 250, "batch": 32}
STEPS, RATES = 600, (0.001, 0.003, 0.01, 0.03, 0.1)


def _reader(kind: str, hidden: int, steps: int = STEPS, both: bool = False) -> dict[str, Any]:
    return {**LINES, "kind": kind, "hidden": hidden, "steps": steps, "both_ways": both}


LINE_READERS: Variants = {
    "tanh-32": _reader("tanh", 32),
    "gru-32": _reader("gru", 32),
    "lstm-32": _reader("lstm", 32),
    # As many weights in the layer as the LSTM of 32 cells, as near as a multiple of 4 comes.
    "tanh-72": _reader("tanh", 72),
    "gru-36": _reader("gru", 36),
    # As much time as the LSTM: by the seconds of a training step of width 32 in `cost-width`.
    "tanh-32-as-long": _reader("tanh", 32, 1020),
    "gru-32-as-long": _reader("gru", 32, 444),
    "lstm-32-both-ways": _reader("lstm", 32, both=True),
}
