"""Drawings with links in them: a canvas whose parts can be links, and text wrapped into lines.

A picture of the book is one image to a screen reader. A picture with links is a group of them, so
each link is read by its own name and can be reached with the Tab key.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import svg
from drawing.canvas import Canvas, Drawing
from drawing.label import width


class LinkedCanvas(Canvas):
    """Collects the parts of a picture in which some are links."""

    @contextmanager
    def link(self, address: str, name: str) -> Iterator[None]:
        """Make one link of all that is drawn inside; ``name`` is what a screen reader says."""
        outside, self.parts = self.parts, []
        try:
            yield
        finally:
            inside, self.parts = self.parts, outside
            self.parts.append(svg.A(href=address, elements=inside, extra={"aria-label": name}))

    def finish(self) -> Drawing:
        """Return the drawing, as a group of links in place of one image."""
        image = super().finish()
        group = image.svg.replace('role="img"', 'role="group"', 1)
        return Drawing(group, image.size, image.labels, image.lines)


def wrapped(text: str, size: float, room: float) -> list[str]:
    """Return the text in lines that fit the room; a word that is too long has its own line."""
    lines: list[str] = []
    for word in text.split():
        if lines and width(f"{lines[-1]} {word}", size) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
