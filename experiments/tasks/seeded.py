"""The tasks of the documents' table as batches with a leading seed dimension.

The protocols are those of the 1997 paper (``paper1997``, one sequence at a time); here whole
batches are drawn at once, and the sequences of one batch share their length. Every seed gets
sequences of its own. The order tasks that the paper does not have are its experiments 6a and 6b
with other classes, or ten times longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

X, START, END = 4, 6, 7  # inputs: a b c d = 0 .. 3, X, Y = 5, and the two ends


class Drawn(NamedTuple):
    """Sequences of one length and what is wanted at their last step."""

    x: Float[Tensor, "seed batch time input"] | Int[Tensor, "seed batch time"]  # or symbols
    target: Float[Tensor, "seed batch output"]


@dataclass(frozen=True)
class Pairs:
    """Two marked numbers among ``minimum`` to 1.1 ``minimum``: their sum, or their product.

    Experiments 4 and 5 of the paper, see ``paper1997.marked_pairs``. Right: error < 0.04.
    """

    minimum: int
    product: bool = False
    inputs: int = 2
    outputs: int = 1
    classes: bool = False

    def draw(self, seeds: int, batch: int, generator: torch.Generator) -> Drawn:
        """Draw ``batch`` sequences for each seed."""
        time = any_length(self.minimum, generator)
        shape = seeds, batch
        value = torch.rand(*shape, time, generator=generator)
        if not self.product:
            value = 2 * value - 1
        first = torch.randint(0, 10, shape, generator=generator)
        second = torch.randint(0, self.minimum // 2 - 2, shape, generator=generator)
        second = second + (second >= first)  # any place but the first one's
        places = torch.stack([first, second], -1)
        mark = torch.zeros(*shape, time).scatter_(-1, places, 1.0)
        mark[..., 0] = mark[..., -1] = -1
        marked = value.gather(-1, places).masked_fill(places == 0, float(self.product))
        target = marked.prod(-1) if self.product else 0.5 + marked.sum(-1) / 4
        return Drawn(torch.stack([value, mark], -1), target.unsqueeze(-1))

    def right(self, y: Tensor, target: Tensor) -> Bool[Tensor, "seed batch"]:
        """Tell which sequences are answered within 0.04."""
        return ((y - target).abs() < 0.04).all(-1)


@dataclass(frozen=True)
class Order:
    """Symbols X and Y at a few places among random fillers: which pattern was it?

    ``patterns`` are the classes, all equally likely; place k is uniform in
    [places[k], places[k] + width]. The length is uniform in [minimum, 1.1 minimum], the first
    symbol is a start mark and the last an end mark. ``noise``: variance of Gaussian noise on every
    input line at every step. Right: the class has the largest output, or, given
    a ``tolerance``, every output is that close to its target. Source: experiment 6.
    """

    patterns: tuple[str, ...]
    places: tuple[int, ...]
    minimum: int = 100
    width: int = 10
    noise: float = 0.0
    tolerance: float | None = None
    inputs: int = 8
    classes: bool = True

    @property
    def outputs(self) -> int:
        """One output per class."""
        return len(self.patterns)

    def draw(self, seeds: int, batch: int, generator: torch.Generator) -> Drawn:
        """Draw ``batch`` sequences for each seed."""
        time = any_length(self.minimum, generator)
        shape = seeds, batch
        symbol = torch.randint(0, X, (*shape, time), generator=generator)
        label = torch.randint(0, self.outputs, shape, generator=generator)
        codes = torch.tensor([[X + "XY".index(s) for s in p] for p in self.patterns])
        spread = torch.randint(0, self.width + 1, (*shape, len(self.places)), generator=generator)
        symbol.scatter_(-1, torch.tensor(self.places) + spread, codes[label])
        symbol[..., 0], symbol[..., -1] = START, END
        x = torch.zeros(*shape, time, self.inputs).scatter_(-1, symbol.unsqueeze(-1), 1.0)
        if self.noise:
            x += torch.randn(x.shape, generator=generator) * self.noise**0.5
        target = torch.zeros(*shape, self.outputs).scatter_(-1, label.unsqueeze(-1), 1.0)
        return Drawn(x, target)

    def right(self, y: Tensor, target: Tensor) -> Bool[Tensor, "seed batch"]:
        """Tell which sequences are answered right."""
        if self.tolerance is not None:
            return ((y - target).abs() < self.tolerance).all(-1)
        return y.argmax(-1) == target.argmax(-1)


@dataclass(frozen=True)
class Signal:
    """Two classes told apart by the first ``informative`` inputs, +1 or -1; noise follows.

    Experiment 3 of the paper: variant "a", "b" (noise on the signal too), "c" (targets 0.2 and 0.8
    with Gaussian noise of variance 0.1 in training; the last output column of the target is the
    noise-free one). Right: error below 0.2, or 0.1 for "c".
    """

    minimum: int
    informative: int
    variant: str = "a"
    inputs: int = 1
    outputs: int = 1
    classes: bool = False

    def draw(self, seeds: int, batch: int, generator: torch.Generator) -> Drawn:
        """Draw ``batch`` sequences for each seed."""
        time = any_length(self.minimum, generator)
        sign = 2.0 * torch.randint(0, 2, (seeds, batch, 1), generator=generator) - 1
        x = torch.randn(seeds, batch, time, generator=generator) * 0.2**0.5
        noise = x[..., : self.informative] if self.variant != "a" else 0
        x[..., : self.informative] = sign + noise
        target = (sign + 1) / 2
        if self.variant == "c":
            clean = 0.5 - 0.3 * sign
            noisy = clean + torch.randn(sign.shape, generator=generator) * 0.1**0.5
            target = torch.cat([noisy, clean], -1)
        return Drawn(x.unsqueeze(-1), target)

    def right(self, y: Tensor, target: Tensor) -> Bool[Tensor, "seed batch"]:
        """Tell which sequences are answered right, judged by the noise-free target."""
        return (y - target[..., -1:]).abs().squeeze(-1) < (0.1 if self.variant == "c" else 0.2)


@dataclass(frozen=True)
class LongLag:
    """One of two symbols, then ``lag`` or more random ones of ``symbols`` others, then an end mark.

    Experiment 2c of the paper: after ``lag`` distractors each further one comes with probability
    9/10. Inputs come as symbols: a_1 .. a_p = 0 .. p - 1, then e, b, x, y. Right: both outputs
    within 0.2.
    """

    lag: int
    symbols: int
    outputs: int = 2
    classes: bool = True

    @property
    def inputs(self) -> int:
        """One line per symbol."""
        return self.symbols + 4

    def draw(self, seeds: int, batch: int, generator: torch.Generator) -> Drawn:
        """Draw ``batch`` sequences for each seed."""
        more = int(torch.empty(()).geometric_(0.1, generator=generator)) - 1
        shape, p = (seeds, batch), self.symbols
        x = torch.randint(0, p, (*shape, self.lag + more + 3), generator=generator)
        which = torch.randint(0, 2, shape, generator=generator)
        x[..., 0], x[..., 1], x[..., -1] = p + 1, p + 2 + which, p
        return Drawn(x, torch.stack([1.0 - which, which], -1))

    def right(self, y: Tensor, target: Tensor) -> Bool[Tensor, "seed batch"]:
        """Tell for which sequences both outputs are within 0.2."""
        return ((y - target).abs() < 0.2).all(-1)


Task = Pairs | Order | Signal | LongLag


def any_length(minimum: int, generator: torch.Generator) -> int:
    """Draw a length, uniform in [minimum, 1.1 minimum]."""
    return minimum + int(torch.randint(0, minimum // 10 + 1, (), generator=generator))


def patterns(length: int) -> Sequence[str]:
    """Return all patterns of X and Y of one length, XX.. first."""
    return ["".join("XY"[i >> k & 1] for k in reversed(range(length))) for i in range(2**length)]


TASKS: dict[str, Task] = {
    "adding-100": Pairs(100),
    "adding-1000": Pairs(1000),
    "multiplication-100": Pairs(100, product=True),
    "multiplication-1000": Pairs(1000, product=True),
    "order-2-100": Order(("XY", "YX"), (10, 50)),
    "order-5-100": Order(("XXX", "XXY", "XYX", "XYY", "YXX"), (10, 33, 66)),
    "order-4-noisy-1000": Order(tuple(patterns(2)), (100, 500), 1000, 100, 0.01),
}
