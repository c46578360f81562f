"""One look for every figure: a colour per architecture, a scale for sizes, colours for roles.

``_static/palette.json`` is the only place where a colour is written down, each one for light and
for dark ground. A line in a figure also gets its own marker and dash, so nothing hangs on colour
alone. The stylesheet of the pages carries the same colours in a part that ``python
book/style.py`` writes: ``var(--lstm)``, ``var(--error)``, ``var(--sequential-0)``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from matplotlib.colors import LinearSegmentedColormap, to_hex

HERE = Path(__file__).parent
# Paths in one piece: a page that uses a file named like this runs again when the file changes.
STYLE_FILE = HERE / "_static/measured.mplstyle"
COLORS: dict[str, Any] = json.loads((HERE / "_static/palette.json").read_text("utf-8"))
PALETTE: dict[str, dict[str, str]] = COLORS["architectures"]
ROLES: dict[str, dict[str, str]] = COLORS["roles"]
CSS_FILE = STYLE_FILE.with_suffix(".css")  # no figure depends on it
BEGIN, END = "/* palette: written by book/style.py */", "/* end of palette */"


def use_style() -> None:
    """Give matplotlib the book's style, and Jupyter sharp figures."""
    import matplotlib.pyplot as plt
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is not None:
        shell.run_line_magic("config", "InlineBackend.figure_formats = ['svg']")
    plt.style.use(STYLE_FILE)


def line(architecture: str, **changes: Any) -> dict[str, Any]:
    """Return the keywords of ``plot`` for one architecture: colour, marker, dash and label."""
    if architecture not in PALETTE:
        raise KeyError(f"no colour for {architecture!r}; the palette has {', '.join(PALETTE)}")
    entry = PALETTE[architecture]
    keywords = {
        "color": entry["color"],
        "marker": entry["marker"],
        "linestyle": entry["dash"],
        "label": entry["label"],
    }
    return keywords | changes


def sequential(n: int) -> list[str]:
    """Return ``n`` colours from light to dark, for sizes, gains and other ordered settings.

    An architecture's colour would say that two sizes of one net are two architectures. The scale
    is a part of viridis: its order also shows without colour. Raises ValueError for n below 1.
    """
    if n < 1:
        raise ValueError(f"a scale needs at least 1 colour, got n = {n}")
    scale = LinearSegmentedColormap.from_list("sequential", COLORS["sequential"]["color"])
    return [to_hex(scale(i / max(n - 1, 1))) for i in range(n)]


class Table:
    """A table of measured values that a cell displays."""

    def __init__(self, html: str) -> None:
        self.html = html

    def _repr_html_(self) -> str:
        return self.html


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Return a table of measured values for a cell to display; the first column is a header."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    body = "".join(
        f'<tr><th scope="row">{escape(str(first))}</th>'
        + "".join(f"<td>{escape(str(value))}</td>" for value in rest)
        + "</tr>"
        for first, *rest in rows
    )
    return Table(
        f'<table class="table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    )


def css_palette() -> str:
    """Return the part of the stylesheet that holds the colours; paper is always light ground."""

    def rows(ground: str, indent: str) -> list[str]:
        named = {name: entry[ground] for name, entry in (PALETTE | ROLES).items()}
        named |= {f"sequential-{i}": c for i, c in enumerate(COLORS["sequential"][ground])}
        return [f"{indent}--{name}: {color};" for name, color in named.items()]

    dark = ["@media screen {", '  html[data-theme="dark"] {', *rows("dark", "    "), "  }", "}"]
    return "\n".join([BEGIN, ":root {", *rows("color", "  "), "}", *dark, END])


def main() -> None:
    """Write the colours into the stylesheet."""
    css = CSS_FILE.read_text("utf-8")
    before, _, rest = css.partition(BEGIN)
    CSS_FILE.write_text(before + css_palette() + rest.partition(END)[2], "utf-8")


if __name__ == "__main__":
    main()
