"""State against cache: bytes held and time for one more token, as the context grows.

Every layer of the course with about 66,000 weights. Bytes are those of the layer's state (float32):
some fixed, some for every token read. Times are those of ``cost-generation``, one sequence on one
core; between measured contexts a line on logarithmic scales. A stack of blocks takes as many times.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from committed import committed

from touch import Axis, Choice, Curve, Frame, Number, Panel, Settings, Slider, TouchFigure

RESULT = "experiments/results/cost-generation.json"
GENERATION = committed(RESULT).outcomes
FIRST, LAST, FINE = 2, 5, 8  # contexts from 10^2 to 10^5 tokens, so many to a power of ten
EXPONENTS = [FIRST + n / FINE for n in range((LAST - FIRST) * FINE + 1)]
BYTES, SECONDS = 0, 1  # panels


def held_by(name: str) -> list[float]:
    """Return a layer's bytes before the first token, and for every token read."""
    near, *_, far = GENERATION[name]["points"]
    tokens = far["size"] - near["size"]
    each = (far["state_bytes"] - near["state_bytes"]) / tokens
    return [near["state_bytes"] - each * near["size"], each]


LAYERS = {
    name: {
        "bytes": held_by(name),
        "contexts": [math.log10(point["size"]) for point in outcome["points"]],
        "seconds": [math.log10(point["seconds_per_token"]) for point in outcome["points"]],
    }
    for name, outcome in GENERATION.items()
}
NAMES = tuple(LAYERS)


def held(name: str, exponent: float, blocks: float) -> float:
    """Return the bytes that a stack holds after 10^exponent tokens."""
    fixed, each = LAYERS[name]["bytes"]
    return blocks * (fixed + each * 10**exponent)


def took(name: str, exponent: float, blocks: float) -> float:
    """Return the seconds that one more token takes after 10^exponent tokens."""
    contexts, seconds = LAYERS[name]["contexts"], LAYERS[name]["seconds"]
    right = next((n for n, c in enumerate(contexts) if c >= exponent and n), len(contexts) - 1)
    near, far = contexts[right - 1], contexts[right]
    share = (exponent - near) / (far - near)
    return float(blocks * 10 ** ((1 - share) * seconds[right - 1] + share * seconds[right]))


Quantity = Callable[[str, float, float], float]


def over_contexts(quantity: Quantity, which: str) -> Callable[[Settings], list[float]]:
    """Return the line of a quantity for the layer that the control ``which`` chooses."""

    def values(settings: Settings) -> list[float]:
        name = NAMES[int(settings[which])]
        return [quantity(name, exponent, settings["blocks"]) for exponent in EXPONENTS]

    return values


def here(quantity: Quantity, which: str, unit: float) -> Callable[[Settings], float]:
    """Return a quantity at the chosen context, in some unit."""

    def value(settings: Settings) -> float:
        name = NAMES[int(settings[which])]
        return quantity(name, settings["context"], settings["blocks"]) / unit

    return value


def read(settings: Settings) -> list[float]:
    """Return 1 for every context that has been read."""
    return [float(exponent <= settings["context"]) for exponent in EXPONENTS]


FIGURE = TouchFigure(
    title="State against cache, to touch",
    alt=(
        "Two panels over the context, from a hundred to a hundred thousand tokens. Above, the "
        "bytes that a layer holds: level for an LSTM, rising for a transformer block. "
        "Below, the time for one more token: level for the LSTM, rising for the block from about a "
        "thousand tokens on. A row of cells fills up to the chosen context."
    ),
    across="context (tokens)",
    frame=Frame(
        width=290, last=len(EXPONENTS) - 1, tick=FINE, names=("100", "1,000", "10,000", "100,000")
    ),
    panels=(
        Panel(120, Axis("bytes held", 2, 10, 2, log=True)),
        Panel(90, Axis("seconds for one more token", -5, 1, 2, log=True)),
        Panel(0, None),
    ),
    controls=(
        Slider("context", "Context, as a power of ten", FIRST, LAST, 0.125, 3.5),
        Slider("blocks", "Blocks in the stack", 1, 48, 1, 1),
        Choice("layer", "Layer", NAMES, NAMES.index("transformer block")),
        Choice("other", "Beside", NAMES, NAMES.index("LSTM")),
    ),
    curves=(
        Curve("held", "layer", "transformer", "-", over_contexts(held, "layer"), BYTES),
        Curve("other_held", "beside", "lstm", "--", over_contexts(held, "other"), BYTES),
        Curve("took", "layer", "transformer", "-", over_contexts(took, "layer"), SECONDS),
        Curve("other_took", "beside", "lstm", "--", over_contexts(took, "other"), SECONDS),
        Curve("read", "read", "flow", "-", read, 2),
    ),
    says=(
        "After {tokens} tokens and with {blocks} in the stack: {layer} holds {kilobytes} kB and "
        "takes {milliseconds} ms for the next token, {other} holds {other_kilobytes} kB and takes "
        "{other_milliseconds} ms."
    ),
    data={"layers": [LAYERS[name] for name in NAMES], "exponents": EXPONENTS},
    numbers=(
        Number("tokens", lambda settings: 10 ** settings["context"]),
        Number("kilobytes", here(held, "layer", 1e3)),
        Number("milliseconds", here(took, "layer", 1e-3)),
        Number("other_kilobytes", here(held, "other", 1e3)),
        Number("other_milliseconds", here(took, "other", 1e-3)),
    ),
    files=(RESULT,),
)
