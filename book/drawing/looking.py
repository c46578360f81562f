"""One net reads a source, another one writes: through one vector, or looking back at every step."""

from __future__ import annotations

from collections.abc import Sequence

from drawing.canvas import FINE, Canvas, Drawing, Node, Point

WIDE, GAP = 48.0, 24.0
LEFT = 4.0
THICKEST = 7.0  # of the arrow with all the weight


def translation(
    source: Sequence[str],
    target: Sequence[str],
    *,
    alt: str,
    weights: Sequence[float] | None = None,
    at: int = 1,
    architecture: str = "attention",
) -> Drawing:
    """Draw an encoder over the source and a decoder that writes the target.

    Without ``weights`` all that the decoder gets is the encoder's last state. With them the step
    ``at`` (from 1) looks back: an arrow from each of the encoder's states, as thick as its weight,
    to their mean. Raises ValueError for weights that do not fit, and for more symbols than fit a
    phone (5).
    """
    if weights is not None and (len(weights) != len(source) or not 2 <= at <= len(target)):
        raise ValueError(
            f"needs a weight for each of {len(source)} symbols and a step from 2 to {len(target)}, "
            f"got {len(weights)} weights and step {at}"
        )
    canvas = Canvas("An encoder reads, a decoder writes", alt)
    rows = {"said": 14.0, "write": 66.0, "join": 136.0, "read": 216.0, "letters": 268.0}
    writers = _row(canvas, "s", target, (rows["said"], rows["write"]), architecture)
    readers = _row(canvas, "h", source, (rows["letters"], rows["read"]), "gru")
    if weights is None:
        _through_one_vector(canvas, readers, writers, rows["join"])
    else:
        _looking_back(canvas, readers, writers[at - 2 : at], rows["join"], weights, architecture)
    return canvas.finish()


def _row(
    canvas: Canvas, state: str, symbols: Sequence[str], heights: tuple[float, float], color: str
) -> list[Node]:
    """Draw states from left to right, each with its symbol, which stands above or below."""
    symbol_y, y = heights
    nodes: list[Node] = []
    for number, symbol in enumerate(symbols):
        x = LEFT + WIDE / 2 + number * (WIDE + GAP)
        name = f"${state}({number + 1})$"
        node = canvas.box(x, y, name, wide=WIDE, color=color)
        canvas.label(x, symbol_y, symbol)
        beside = Point(x, symbol_y + (9 if symbol_y < y else -9))
        canvas.arrow(*((node.top, beside) if symbol_y < y else (beside, node.bottom)))
        if nodes:
            canvas.arrow(nodes[-1].right, node.left, color=color)
        nodes.append(node)
    return nodes


def _through_one_vector(
    canvas: Canvas, readers: Sequence[Node], writers: Sequence[Node], y: float
) -> None:
    """Lead the last state of the encoder to a box, and from there to every state of the decoder."""
    last = readers[-1]
    middle = (writers[0].x + writers[-1].x) / 2
    vector = canvas.box(middle, y, "one vector", wide=90, color="error")
    canvas.arrow(last.top, Point(last.x, y), vector.right, color="error")
    for node in writers:
        start = Point(middle + (node.x - middle) * 0.2, vector.top.y)
        canvas.arrow(start, node.bottom, color="error")


def _looking_back(
    canvas: Canvas,
    readers: Sequence[Node],
    pair: Sequence[Node],
    y: float,
    weights: Sequence[float],
    color: str,
) -> None:
    """Lead every state of the encoder to their mean, and that to the second decoder of the pair."""
    asking, writing = pair
    mean = canvas.circle(writing.x, y, "Σ", color=color)
    canvas.label(mean.right.x + 6, y - 12, "$c$", anchor="start", color=color)
    canvas.arrow(mean.top, writing.bottom, color=color, thick=2)
    ask = Point(asking.x, y)
    canvas.arrow(asking.bottom, ask, mean.left, dotted=True)
    canvas.label(ask.x + 6, y - 12, "asks", anchor="start", size=FINE, color="muted")
    for node, weight in zip(readers, weights, strict=True):
        thick = 0.5 + weight * THICKEST
        start = Point(node.x, node.top.y - 2)
        goal = Point(mean.x + (node.x - mean.x) * 0.12, mean.bottom.y + 3)
        canvas.arrow(start, goal, color=color, thick=thick)
        below = node.bottom.y + 54
        canvas.label(node.x, below, f"{weight:.2f}", size=FINE, color=color)
