"""Recall by size: how many values a layer finds again, by pairs read and by size of its state.

Means over five nets each, of ``family-recall`` and its parts.
"""

from __future__ import annotations

from collections.abc import Callable

from committed import committed

from touch import Axis, Choice, Curve, Frame, Number, Panel, Settings, Slider, TouchFigure

RESULTS = (
    "experiments/results/family-recall.json",
    "experiments/results/family-recall-retnet.json",
    "experiments/results/family-recall-mamba.json",
)
# (parameters, outcome) of every net
NETS = [
    (result.parameters[key], outcome)
    for result in map(committed, RESULTS)
    for key, outcome in result.outcomes.items()
]
PAIRS: list[int] = NETS[0][0]["pairs"]
SIZES = sorted({p["numbers"] for p, _ in NETS})
NAMES = {
    "linear-attention": "linear attention",
    "retnet": "RetNet",
    "rwkv": "RWKV",
    "gated-delta": "gated delta rule",
    "mlstm": "mLSTM (xLSTM)",
    "mingru": "minGRU",
    "mamba-conv": "Mamba",
}


def mean(layer: str, size: int) -> list[float]:
    """Return the mean accuracy of one layer by number of pairs."""
    nets = [out["accuracy"] for p, out in NETS if (p["layer"], p["numbers"]) == (layer, size)]
    return [sum(at) / len(nets) for at in zip(*nets, strict=True)]


FOUND = [[mean(layer, size) for size in SIZES] for layer in NAMES]


def found(which: str, size: int) -> Callable[[Settings], list[float]]:
    """Return the line of a chosen layer with one size of state."""
    return lambda settings: FOUND[int(settings[which])][size]


def here(which: str, size: int) -> Callable[[Settings], float]:
    """Return the share in percent at the chosen number of pairs."""
    return lambda settings: 100 * found(which, size)(settings)[int(settings["pairs"]) - 1]


DASHES = (":", "--", "-")
FIGURE = TouchFigure(
    title="Recall against the size of the state, to touch",
    alt=(
        "Two panels over the number of pairs read, from two to sixteen. In each, three lines for "
        "states of 16, 64 and 256 numbers: the share of values found again falls with the pairs, "
        "and grows with the state, for linear attention more than for minGRU."
    ),
    across="pairs in the list",
    frame=Frame(width=290, last=len(PAIRS) - 1, tick=1, names=tuple(map(str, PAIRS))),
    panels=(
        Panel(110, Axis("found again: layer", 0, 1, 0.25)),
        Panel(110, Axis("found again: the other", 0, 1, 0.25)),
    ),
    controls=(
        Choice("layer", "Layer", tuple(NAMES.values()), list(NAMES).index("linear-attention")),
        Choice("other", "Beside", tuple(NAMES.values()), list(NAMES).index("mingru")),
        Slider("pairs", "Length of the list, as a power of two", 1, len(PAIRS), 1, 3),
    ),
    curves=tuple(
        Curve(f"{which}_{size}", f"{size:,} numbers", color, dash, found(which, number), panel)
        for panel, (which, color) in enumerate((("layer", "linear"), ("other", "mingru")))
        for number, (size, dash) in enumerate(zip(SIZES, DASHES, strict=True))
    ),
    says=(
        "Lists of two to the power {pairs}. States of "
        + ", ".join(f"{size:,}" for size in SIZES)
        + " numbers: {layer} finds "
        + ", ".join(f"{{layer_here_{size}}}" for size in SIZES)
        + " percent of the values again, {other} "
        + ", ".join(f"{{other_here_{size}}}" for size in SIZES)
        + "."
    ),
    data={"found": FOUND, "sizes": SIZES},
    numbers=tuple(
        Number(f"{which}_here_{size}", here(which, number))
        for which in ("layer", "other")
        for number, size in enumerate(SIZES)
    ),
    files=RESULTS,
)
