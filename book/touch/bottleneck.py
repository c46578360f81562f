"""The bottleneck: what a layer costs in training and in use, as length and batch grow.

Eight layers of about 66,000 weights, on one core. Training times are measured for every length
and batch (``cost-grid``); a step that was not run leaves the frame at the top. The chain is
counted, and extended by its rule (``cost-depth``). In use, times and bytes are those of
``cost-generation`` after as many tokens.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from committed import committed

from touch import Axis, Choice, Curve, Frame, Panel, Settings, Slider, Text, TouchFigure, readable
from touch.state_against_cache import RESULT as IN_USE
from touch.state_against_cache import held, took

RESULTS = tuple(f"experiments/results/cost-{part}.json" for part in ("grid", "depth"))
GRID, DEPTH = (committed(path).outcomes for path in RESULTS)
LENGTHS = [64, 256, 1024, 4096, 16_384]  # four to the power 3, 4, ... 7
FIRST = 3
BATCHES = (1, 8, 64)
NAMES = tuple(name.removesuffix(", batch 8") for name in GRID if name.endswith(", batch 8"))
NOT_RUN = 1e9  # seconds: beyond the frame
PARTS = ("training", "chain", "bytes", "token")


def training(name: str, batch: int) -> list[float]:
    """Return a training step's seconds at every length, NOT_RUN where it was not run."""
    found = {p["size"]: p.get("seconds", NOT_RUN) for p in GRID[f"{name}, batch {batch}"]["points"]}
    return [found[length] for length in LENGTHS]


LAYERS = [
    {
        "training": [training(name, batch) for batch in BATCHES],
        "chain": [DEPTH[name]["by_rule"][str(length)] for length in LENGTHS],
        "bytes": [held(name, math.log10(length), 1) for length in LENGTHS],
        "token": [took(name, math.log10(length), 1) for length in LENGTHS],
    }
    for name in NAMES
]


def line(which: str, part: str) -> Callable[[Settings], list[float]]:
    """Return one quantity of the layer that the control ``which`` chooses, by length."""

    def values(settings: Settings) -> list[float]:
        layer = LAYERS[int(settings[which])]
        found = layer[part]
        return found[int(settings["batch"])] if part == "training" else found

    return values


def place(settings: Settings) -> int:
    """Return the number of the chosen length."""
    return int(settings["length"]) - FIRST


def in_seconds(seconds: float) -> str:
    """Return a time in words."""
    return f"{readable(seconds)} s" if seconds >= 1 else f"{readable(1e3 * seconds)} ms"


def in_bytes(count: float) -> str:
    """Return an amount of memory in words."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"


def costs(which: str) -> Callable[[Settings], list[str]]:
    """Return the four costs of a layer at the chosen length, in words."""

    def words(settings: Settings) -> list[str]:
        here = place(settings)
        seconds, chain, held_bytes, token = (line(which, part)(settings)[here] for part in PARTS)
        step = "was not run" if seconds == NOT_RUN else f"takes {in_seconds(seconds)}"
        return [
            f"a training step {step},",
            f"its chain has {chain:,} operations;",
            f"in use it holds {in_bytes(held_bytes)}",
            f"and takes {in_seconds(token)} for the next token",
        ]

    return words


def chosen(settings: Settings) -> list[float]:
    """Return 1 up to the chosen length."""
    return [float(number <= place(settings)) for number in range(len(LENGTHS))]


AXES = (
    Axis("training step (seconds)", -4, 2, 2, log=True),
    Axis("chain (operations in a row)", 1, 6, 1, log=True),
    Axis("bytes held in use", 2, 8, 2, log=True),
    Axis("next token (seconds)", -5, -1, 1, log=True),
)
FIGURE = TouchFigure(
    title="The bottleneck, to touch",
    alt=(
        "Four panels over the length, from 64 to 16,384 tokens, for an LSTM and attention. A "
        "training step takes the LSTM longer up to a thousand tokens, and attention longer from "
        "four thousand on. The chain rises with the length for the LSTM and is level for "
        "attention. Bytes held and time for the next token are level for the LSTM and rise for "
        "attention. A row of cells fills up to the chosen length."
    ),
    across="length (tokens)",
    frame=Frame(
        width=290,
        last=len(LENGTHS) - 1,
        tick=1,
        names=("64", "256", "1,024", "4,096", "16,384"),
    ),
    panels=(*(Panel(78, axis) for axis in AXES), Panel(0, None)),
    controls=(
        Slider("length", "Length, as a power of four", FIRST, FIRST + len(LENGTHS) - 1, 1, 5),
        Choice("batch", "Sequences in a batch", tuple(map(str, BATCHES))),
        Choice("layer", "Layer", NAMES, NAMES.index("LSTM")),
        Choice("other", "Beside", NAMES, NAMES.index("attention")),
    ),
    curves=(
        *(
            Curve(f"{which}_{part}", label, color, dash, line(which, part), panel)
            for panel, part in enumerate(PARTS)
            for which, label, color, dash in (
                ("layer", "layer", "lstm", "-"),
                ("other", "beside", "attention", "--"),
            )
        ),
        Curve("chosen", "length", "flow", "-", chosen, len(PARTS)),
    ),
    says=("{tokens} tokens, batch {batch}. {layer}: {layer_costs}. {other}: {other_costs}."),
    data={"layers": LAYERS, "lengths": LENGTHS, "notRun": NOT_RUN},
    texts=(
        Text("tokens", lambda settings: [f"{LENGTHS[place(settings)]:,}"]),
        Text("layer_costs", costs("layer")),
        Text("other_costs", costs("other")),
    ),
    files=(*RESULTS, IN_USE),
)
