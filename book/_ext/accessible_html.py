"""Sphinx extension: mend what the HTML writer gets wrong for screen readers."""

from __future__ import annotations

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


def mend(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Replace what is wrong in the text of a page."""
    if "body" in context:
        for wrong, right in MENDED.items():
            context["body"] = context["body"].replace(wrong, right)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", mend)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
