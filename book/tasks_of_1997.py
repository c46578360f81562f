"""One drawn sequence of each task of the 1997 paper, as strips to draw."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from drawing import Strip
from numpy.typing import NDArray

from experiments.tasks import paper1997
from experiments.tasks.dense import buffers

LETTERS = "BTPSXVE"
SEED = 3
LONGEST = 400  # steps, with room to spare
MIDDLE = 0.35  # lowest stick of a symbol that does not matter


class Sequence(NamedTuple):
    """What a generator filled in: the first active input, values, and targets, by step."""

    symbols: NDArray[np.int64]
    values: NDArray[np.float64]
    target: NDArray[np.float64]
    noise_free: float  # of 3c


def drawn(generate: object, *size: int, active: int = 1, outputs: int = 1) -> Sequence:
    """Draw one sequence of a generator of ``paper1997``."""
    index, value, target = buffers(LONGEST, active, outputs)
    length = generate(np.array(size), index, value, target)  # type: ignore[operator]
    clean = float(target[length, 0])
    return Sequence(index[:length, 0], value[:length], target[:length], clean)


def heights(symbols: NDArray[np.int64], count: int) -> list[float]:
    """Return sticks that tell symbols 0 .. count - 1 apart."""
    return [MIDDLE + 0.65 * min(s, count - 1) / max(1, count - 1) for s in symbols.tolist()]


def symbol_tasks() -> list[Strip]:
    """Return strips of the tasks whose inputs are symbols: 1, 2a to 2c, 6a and 6b."""
    paper1997.seed(SEED)
    reber = drawn(paper1997.embedded_reber, 64, outputs=7).symbols
    word = "".join(LETTERS[s] for s in reber) + "E"
    found = [
        Strip(
            f"1: embedded Reber, {word}",
            heights(np.append(reber, 6), 7),
            f"again {word[1]}",
            {1: word[1], len(word) - 2: word[-2]},
        )
    ]
    for name, noisy in (("2a: two sequences, the middle fixed", 0), ("2b: the middle random", 1)):
        two = drawn(paper1997.two_sequences, 100, noisy, outputs=101).symbols
        first = "xy"[two[0] - 99]
        whole = heights(two, 99)
        found.append(Strip(name, whole, f"then {first}", {0: first}))
    lag = drawn(paper1997.long_lag, 100, 100, 350, outputs=2).symbols
    first = "xy"[lag[1] - 102]
    names = {0: "b", 1: first, len(lag) - 1: "e"}
    found.append(Strip("2c: the end is random too", heights(lag, 100), f"then {first}", names))
    for name, count in (("6a: two of X and Y, in order", 2), ("6b: three of X and Y", 3)):
        order = drawn(paper1997.temporal_order, count, outputs=2**count).symbols
        names = {t: "XY"[s - 4] for t, s in enumerate(order.tolist()) if s in (4, 5)}
        found.append(Strip(name, heights(order, 4), "".join(names.values()), names))
    return found


def number_tasks() -> list[Strip]:
    """Return strips of the tasks whose inputs are numbers: 3a to 3c, 4 and 5."""
    paper1997.seed(SEED)
    found = []
    for variant, name in enumerate(
        ("3a: signal first, then noise", "3b: noise on the signal", "3c: noise on the target too")
    ):
        signal = drawn(paper1997.two_classes, 100, 3, variant)
        sticks = np.clip(signal.values[:, 0] / 1.5, -1, 1).tolist()
        wanted = f"{signal.noise_free:g}" + (" ± noise" if variant == 2 else "")
        found.append(Strip(name, sticks, wanted, dict.fromkeys(range(3), ""), signed=True))
    for name, product, marks in (
        ("4: add the two marked", 0, 2),
        ("4 again: one of the two was the first pair", 0, 1),
        ("5: multiply the two marked", 1, 2),
    ):
        found.append(marked(name, product, marks))
    return found


def marked(name: str, product: int, marks: int) -> Strip:
    """Return a strip of task 4 or 5 that shows so many marks, 1 or 2."""
    while True:
        pairs = drawn(paper1997.marked_pairs, 100, product, active=2)
        value, at = pairs.values[:, 0], np.flatnonzero(pairs.values[:, 1] == 1).tolist()
        if len(at) == marks:
            break
    names = {t: f"{value[t]:.2f}".replace("-", "−") for t in at}
    wanted = f"{pairs.target[-1, 0]:.2f}"
    return Strip(name, value.tolist(), wanted, names, signed=not product)
