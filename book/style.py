"""One look for every figure, and one colour per architecture.

``_static/palette.json`` is the only place where a colour is written down. A line in a figure
also gets its own marker and dash, so nothing hangs on colour alone. The stylesheet of the
pages carries the same colours in a part that ``python book/style.py`` writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
# Paths in one piece: a page that uses a file named like this runs again when the file changes.
STYLE_FILE = HERE / "_static/measured.mplstyle"
PALETTE: dict[str, dict[str, str]] = json.loads((HERE / "_static/palette.json").read_text("utf-8"))
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
    """Return the part of the stylesheet that holds the colours."""
    rows = [f"  --{name}: {entry['color']};" for name, entry in PALETTE.items()]
    return "\n".join([BEGIN, ":root {", *rows, "}", END])


def main() -> None:
    """Write the colours into the stylesheet."""
    css = CSS_FILE.read_text("utf-8")
    before, _, rest = css.partition(BEGIN)
    CSS_FILE.write_text(before + css_palette() + rest.partition(END)[2], "utf-8")


if __name__ == "__main__":
    main()
