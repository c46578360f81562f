"""One step of a cell: its state on a rail from left to right, and the gates that act on it.

Plain net     [Apply("$U$"), Write(Gate("$W$")), Apply("tanh")]
LSTM of 1997  [Write(Gate("$g$"), gate=Gate("σ", "in"))], read by Read(Gate("σ", "out"), ...)
LSTM          [Keep(Gate("σ", "forget")), Write(Gate("tanh", "input"), Gate("σ", "in"))], Read(...)
GRU           [Keep(z, "1−"), Write(candidate, gate=z, reset=r)]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from drawing.canvas import FINE, Canvas, Drawing, Node, Point

BOX = 50.0
RAIL, SQUASH, MIDDLE = 20.0, 60.0, 104.0


@dataclass(frozen=True)
class Gate:
    """A box that reads the cell's inputs: what it computes, its name, and what it reads.

    ``reads`` names the input of a gate that does not read all of them.
    """

    squash: str = "σ"
    name: str = ""
    reads: str = ""


@dataclass(frozen=True)
class Apply:
    """The state goes through a weight or a function."""

    label: str


@dataclass(frozen=True)
class Keep:
    """The state is multiplied by a gate; ``sign`` stands beside the arrow, as in "1−"."""

    gate: Gate
    sign: str = ""


@dataclass(frozen=True)
class Write:
    """Something is added to the state, through a gate if there is one.

    A gate that an earlier part of the rail has drawn is used again. ``reset`` is a gate on the
    old state before the candidate reads it.
    """

    candidate: Gate
    gate: Gate | None = None
    reset: Gate | None = None


@dataclass(frozen=True)
class Read:
    """The output is the state through ``squash``, multiplied by a gate."""

    gate: Gate
    squash: str = "tanh"
    output: str = "$h(t)$"


def cell(
    rail: Sequence[Apply | Keep | Write],
    *,
    alt: str,
    name: str,
    state: str = "c",
    inputs: str = "$x(t), h(t-1)$",
    read: Read | None = None,
    architecture: str = "rnn",
) -> Drawing:
    """Draw one step of the cell ``name``, its parts in the order of ``rail``.

    ``inputs`` is what every gate reads. Raises ValueError for an empty rail, and where the cell
    has more columns than a phone shows.
    """
    if not rail:
        raise ValueError(f"the cell {name!r} does nothing to its state: the rail is empty")
    gated = read is not None or any(isinstance(part, Write) and part.gate for part in rail)
    row = MIDDLE + 60 if gated else RAIL + 74
    plan = Plan(Canvas(f"One step of {name}", alt), state, inputs, architecture, row)
    for part in rail:
        plan.place(part)
    return plan.close(read)


class Plan:
    """Lays out a cell from left to right, one column for each gate or operation."""

    def __init__(
        self, canvas: Canvas, state: str, inputs: str, architecture: str, row: float
    ) -> None:
        self.canvas, self.state, self.inputs, self.color = canvas, state, inputs, architecture
        self.row, self.bus = row, row + 46  # where the gates stand, where the inputs come in
        start = f"${state}(t-1)$"
        canvas.label(4, RAIL, start, anchor="start")
        self.x = canvas.labels[-1].right + 6  # how far the rail has come
        self.edge = self.x - 26  # how far the boxes have come
        self.drawn: dict[Gate, Node] = {}
        self.taps: list[tuple[Point, str]] = []  # where the bus goes up, and with what

    def column(self, half: float) -> float:
        """Return the middle of the next column, whose part on the rail is 2 ``half`` wide."""
        x = max(self.edge + 12 + BOX / 2, self.x + 18 + half)
        self.edge = x + BOX / 2
        return x

    def gate(self, gate: Gate) -> Node:
        """Draw a gate in the next column, or return it if it stands already."""
        if gate not in self.drawn:
            node = self.canvas.box(
                self.column(10), self.row, gate.squash, wide=BOX, high=40, name=gate.name
            )
            self.drawn[gate] = node
            self.taps.append((node.bottom, gate.reads))
        return self.drawn[gate]

    def rail_to(self, node: Node) -> None:
        self.canvas.arrow(Point(self.x, RAIL), node.left, color=self.color, thick=2.5)
        self.x = node.right.x

    def place(self, part: Apply | Keep | Write) -> None:
        if isinstance(part, Apply):
            node = self.canvas.box(
                self.column(BOX / 2), RAIL, part.label, wide=BOX, high=30, color=self.color
            )
            self.rail_to(node)
        elif isinstance(part, Keep):
            gate = self.gate(part.gate)
            node = self.canvas.circle(gate.x, RAIL, "⊙", color=self.color)
            self.canvas.arrow(gate.top, node.bottom)
            if part.sign:
                self.canvas.label(gate.x + 5, RAIL + 28, part.sign, anchor="start", size=FINE)
            self.rail_to(node)
        else:
            self.write(part)

    def write(self, part: Write) -> None:
        gate = self.gate(part.gate) if part.gate else None
        reset = self.gate(part.reset) if part.reset else None
        if reset:
            self.edge += 38  # room for the product between the two boxes
        candidate = self.gate(part.candidate)
        plus = self.canvas.circle(candidate.x, RAIL, "+", color=self.color)
        if gate:
            product = self.canvas.circle(candidate.x, MIDDLE, "⊙")
            self.canvas.arrow(candidate.top, product.bottom)
            if gate.top in self.used_tops():
                self.canvas.arrow(Point(gate.x, MIDDLE), product.left)
            else:
                self.canvas.arrow(gate.top, Point(gate.x, MIDDLE), product.left)
            self.canvas.arrow(product.top, plus.bottom)
        else:
            self.canvas.arrow(candidate.top, plus.bottom)
        if reset:
            x = (reset.right.x + candidate.left.x) / 2
            product = self.canvas.circle(x, self.row, "⊙")
            self.canvas.arrow(reset.right, product.left)
            self.canvas.arrow(product.right, candidate.left)
            self.taps.append((product.bottom, f"${self.state}$"))
        self.rail_to(plus)

    def used_tops(self) -> set[Point]:
        """Return the points from which a line starts already."""
        return {line[0] for line in self.canvas.lines}

    def close(self, read: Read | None) -> Drawing:
        """Draw the way out, the last stretch of the rail and the bus of inputs."""
        end = self.edge
        if read:
            gate = self.gate(read.gate)
            squash = self.canvas.box(gate.x, SQUASH, read.squash, wide=BOX, high=26)
            product = self.canvas.circle(gate.x, MIDDLE, "⊙")
            self.canvas.arrow(Point(gate.x, RAIL), squash.top)
            self.canvas.arrow(squash.bottom, product.top)
            self.canvas.arrow(gate.top, product.bottom)
            end = gate.right.x
            self.canvas.arrow(product.right, Point(end + 18, MIDDLE))
            self.canvas.label(end + 22, MIDDLE, read.output, anchor="start")
        stop = max(end + 18, self.x + 24)
        self.canvas.arrow(Point(self.x, RAIL), Point(stop, RAIL), color=self.color, thick=2.5)
        self.canvas.label(stop + 4, RAIL, f"${self.state}(t)$", anchor="start")
        self.feed()
        return self.canvas.finish()

    def feed(self) -> None:
        """Draw the line that brings the inputs to every gate."""
        xs = [tap.x for tap, _ in self.taps]
        first, last = min(xs), max(xs)
        if first < last:
            self.canvas.arrow(Point(first, self.bus), Point(last, self.bus), head=False)
        for tap, reads in self.taps:
            self.canvas.arrow(Point(tap.x, self.bus), tap)
            if reads:
                middle = (tap.y + self.bus) / 2
                self.canvas.label(tap.x + 5, middle, reads, anchor="start", size=FINE)
        self.canvas.label((first + last) / 2, self.bus + 14, self.inputs)
