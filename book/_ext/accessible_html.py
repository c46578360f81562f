"""Sphinx extension: mend what gets in the way of some readers.

That is what the HTML writer gets wrong for screen readers, and pages without colours where scripts
do not run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

MENDED = {
    # A bibliography's entries are no list items, so it is no list.
    '<div role="list" class="citation-list">': '<div class="citation-list">',
    # The role of an entry is deprecated, and right only inside such a list.
    ' role="doc-biblioentry"': "",
    # A summary is called what it shows.
    ' aria-label="Toggle hidden content"': "",
}

# A script of the theme's puts what the reader prefers in its place. The stylesheets know no "auto":
# without scripts code would be black on grey for who prefers dark pages, and all else on white.
UNDECIDED, DECIDED = 'data-theme="auto">', 'data-theme="light">'


def mend(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Replace what is wrong in the text of a page."""
    if "body" in context:
        for wrong, right in MENDED.items():
            context["body"] = context["body"].replace(wrong, right)


def decide_theme(app: Sphinx, error: Exception | None) -> None:
    """Write every page as a light one."""
    if error is not None or app.builder.format != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        head, undecided, rest = page.read_text(encoding="utf-8").partition(UNDECIDED)
        if undecided:
            page.write_text(head + DECIDED + rest, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", mend)
    app.connect("build-finished", decide_theme)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
